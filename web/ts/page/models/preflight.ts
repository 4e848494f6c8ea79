/** What loading a model would take, said before anything but its header is read. */

import { html, nothing, type TemplateResult } from "lit";
import { count } from "../../element/format.js";
import { type Inspection, Motet } from "../../motet.js";
import { memory } from "../settings.js";

/** A model that the reader considers. */
export class Candidate {
  inspection: Inspection | undefined;
  failure: string | undefined;
  readonly #control = new AbortController();

  /** `changed` is called when there is more to show. */
  constructor(
    readonly source: string,
    private readonly changed: () => void,
  ) {
    void this.#look();
  }

  /** Nobody waits for it any more. */
  drop(): void {
    this.#control.abort();
  }

  async #look(): Promise<void> {
    try {
      this.inspection = await Motet.inspect(this.source, { ...memory(), signal: this.#control.signal });
    } catch (error) {
      if (this.#control.signal.aborted) return;
      this.failure = error instanceof Error ? error.message : String(error);
    }
    this.changed();
  }
}

export function preflight({ inspection, failure }: Candidate, load: () => void, cancel: () => void): TemplateResult {
  const isLooking = !inspection && failure === undefined;
  return html`
    <div class="preflight" role="group" aria-label="What it takes">
      <div role="status">
        ${isLooking ? html`<p class="small">Reading the header…</p>` : nothing}
        ${failure === undefined ? nothing : html`<p class="error">${failure}</p>`}
        ${inspection ? described(inspection) : nothing}
      </div>
      <p class="choices">
        ${inspection
          ? html`<button type="button" data-act="load" class=${inspection.fits ? "" : "quiet"} @click=${load}>
              ${inspection.fits ? "Load model" : "Try it anyway"}
            </button>`
          : nothing}
        <button type="button" class="quiet" @click=${cancel}>Cancel</button>
      </p>
    </div>
  `;
}

function described({ architecture, parameters, activeParameters, trainedContext, fits, reason }: Inspection): TemplateResult {
  const active = activeParameters < parameters ? `, ${count(activeParameters)} of them at a time` : "";
  return html`
    <p class=${fits ? "verdict" : "verdict error"}>${reason}</p>
    <p class="small">
      ${architecture}, ${count(parameters)} parameters${active}; trained for ${trainedContext.toLocaleString("en")} tokens.
    </p>
  `;
}
