/** The element as a whole: what scrolls, and what stays. */

import { css } from "lit";

export const frame = css`
  :host {
    display: flex;
    position: relative;
    flex-direction: column;
    box-sizing: border-box;
    height: min(42rem, 90vh);
    isolation: isolate;
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: 1rem;
    background: var(--paper);
    color: var(--ink);
    font: 1rem/1.6 var(--sans);
    container-type: inline-size;
    -webkit-text-size-adjust: 100%;
  }

  :host([hidden]) {
    display: none;
  }

  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }

  [hidden] {
    display: none !important;
  }

  h2,
  p,
  figure {
    margin: 0;
    font: inherit;
  }

  svg {
    display: block;
    width: 1.25rem;
    height: 1.25rem;
    fill: none;
    stroke: currentcolor;
    stroke-width: 1.7;
    stroke-linecap: round;
    stroke-linejoin: round;
  }

  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  .scroller {
    flex: 1;
    min-height: 0;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-gutter: stable both-edges;
    scrollbar-color: var(--line) transparent;
    scroll-padding-block: 1rem 3rem;
  }

  .column {
    display: flex;
    flex-direction: column;
    gap: 1.75rem;
    width: 100%;
    max-width: calc(var(--column) + 2 * var(--edge));
    min-height: 100%;
    margin: 0 auto;
    padding: clamp(1.25rem, 4vh, 2.5rem) var(--edge) 2.75rem;
  }

  .empty {
    margin-block: auto;
    color: var(--soft);
  }

  .lede {
    color: var(--ink);
    font: 500 clamp(1.5rem, 5cqi, 2.1rem) / 1.2 var(--serif);
    letter-spacing: -0.01em;
    text-wrap: balance;
  }

  .lede::first-letter {
    color: var(--accent);
  }

  #log {
    display: flex;
    flex-direction: column;
    gap: 1.75rem;
    outline-offset: 0.75rem;
  }

  #log:empty {
    display: none;
  }

  /* Text goes under the field as it is scrolled, and fades; the gutters are the scroller's, so that widths agree. */
  .foot {
    flex: none;
    z-index: 1;
    margin-top: -1.75rem;
    padding-top: 1.75rem;
    overflow: hidden;
    background: linear-gradient(transparent, var(--paper) 1.75rem);
    pointer-events: none;
    scrollbar-gutter: stable both-edges;
  }

  .foot > .width {
    width: 100%;
    max-width: calc(var(--column) + 2 * var(--edge));
    margin: 0 auto;
    padding: 0 var(--edge) max(0.7rem, env(safe-area-inset-bottom));
  }

  .foot > .width > * {
    pointer-events: auto;
  }

  #status {
    min-height: 1.5em;
    margin-top: 0.55rem;
    color: var(--soft);
    font-size: 0.75rem;
    line-height: 1.5;
    overflow-wrap: anywhere;
    text-align: center;
    text-wrap: balance;
  }

  .undo {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 0.9rem;
    margin-bottom: 0.6rem;
    color: var(--soft);
    font-size: 0.85rem;
  }

  .jump {
    position: sticky;
    z-index: 1;
    inset-block-end: 2.5rem;
    display: grid;
    justify-content: center;
    height: 0;
    margin-top: -1.75rem;
  }

  .jump button {
    display: grid;
    place-items: center;
    width: 2.2rem;
    height: 2.2rem;
    margin-top: -2.2rem;
    padding: 0;
    border-color: var(--line);
    background: var(--raised);
    box-shadow: var(--shadow);
    color: var(--ink);
  }

  .jump svg {
    width: 1.1rem;
    height: 1.1rem;
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    ::before,
    ::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;
