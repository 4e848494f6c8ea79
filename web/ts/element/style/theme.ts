/** Paper and ink, and the red of a rubric; the dark scheme is the same by lamplight. Every value can be set from outside. */

import { css } from "lit";

export const theme = css`
  :host {
    --paper: var(--motet-paper, light-dark(#faf8f4, #171413));
    --raised: var(--motet-raised, light-dark(#ffffff, #211d1b));
    --shade: var(--motet-shade, light-dark(#f0ece4, #2a2522));
    --line: var(--motet-line, light-dark(#e2dcd0, #3a332f));
    --ink: var(--motet-ink, light-dark(#211d1a, #ece6de));
    --soft: var(--motet-soft, light-dark(#665e55, #aaa196));
    --accent: var(--motet-accent, light-dark(#8c2f39, #e58c8f));
    --on-accent: var(--motet-on-accent, light-dark(#ffffff, #2a1113));
    --serif: var(
      --motet-serif,
      "Iowan Old Style",
      "Palatino Linotype",
      Palatino,
      P052,
      "Book Antiqua",
      Georgia,
      "Noto Serif",
      "Liberation Serif",
      serif
    );
    --sans: var(--motet-sans, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif);
    --mono: var(--motet-mono, ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace);
    --column: var(--motet-column, 44rem);
    --edge: clamp(1rem, 4cqi, 2rem);
    --shadow: 0 1px 2px light-dark(rgb(60 40 20 / 6%), rgb(0 0 0 / 30%)), 0 8px 28px light-dark(rgb(60 40 20 / 7%), rgb(0 0 0 / 25%));
  }
`;
