/** The element's signs, drawn in the colour of the text around them. */

import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";

function icon(drawing: SVGTemplateResult): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>`;
}

export const send = icon(svg`<path d="M12 19V5m-6 6 6-6 6 6" />`);
export const stop = icon(svg`<rect x="7" y="7" width="10" height="10" rx="1.5" />`);
export const down = icon(svg`<path d="M12 5v14m-6-6 6 6 6-6" />`);
export const copy = icon(svg`<rect x="9" y="9" width="10.5" height="10.5" rx="2" /><path d="M15 9V6.5a2 2 0 0 0-2-2H6.5a2 2 0 0 0-2 2V13a2 2 0 0 0 2 2H9" />`);
export const done = icon(svg`<path d="m5.5 12.5 4.5 4.5 9-10" />`);
export const again = icon(svg`<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5v4h-4" />`);
export const edit = icon(svg`<path d="m5 19 .8-3.8L15.5 5.5a2.12 2.12 0 0 1 3 3L8.8 18.2 5 19Zm9-12 3 3" />`);
export const more = icon(svg`<path d="M5 6h14M5 11h14M5 16h6m5-2v6m3-3-3 3-3-3" />`);
export const close = icon(svg`<path d="m7 7 10 10M17 7 7 17" />`);
