/** The panel of the model: a button that loads it, how far loading has come, or why it failed. */

import { html, nothing, type TemplateResult } from "lit";
import { roughly } from "../../bytes.js";
import type { Loading } from "../model/loading.js";
import { describe, fraction } from "../model/progress.js";

export interface LoaderActions {
  load(): void;
  cancel(): void;
}

export function loader(loading: Loading, actions: LoaderActions): TemplateResult | typeof nothing {
  if (loading.isUnderWay) return underWay(loading, actions);
  if (loading.failure !== undefined) return failed(loading, loading.failure, actions);
  if (loading.motet || loading.source === undefined) return nothing;
  return offer(loading, actions);
}

function offer({ name, inspection }: Loading, { load }: LoaderActions): TemplateResult {
  const size = inspection ? ` (${roughly(inspection.weightBytes)})` : "";
  return html`
    <section id="loader" part="loader" aria-label="Model" data-state="offered">
      <p class="line"><strong id="loader-title">${name}</strong></p>
      <p class="line ${inspection?.fits === false ? "warning" : ""}" id="loader-status">
        ${inspection?.reason ?? "The model is downloaded to this device, and runs on it."}
      </p>
      <p class="choices"><button id="load" type="button" part="load" @click=${load}>Load model${size}</button></p>
    </section>
  `;
}

function underWay({ name, progress }: Loading, { cancel }: LoaderActions): TemplateResult {
  const done = fraction(progress);
  return html`
    <section id="loader" part="loader" aria-label="Model" data-state="loading">
      <p class="line">
        <strong id="loader-title">${name}</strong>
        <span id="loader-percent">${Math.round(done * 100)} %</span>
      </p>
      <progress id="loader-bar" max="1" .value=${done} aria-labelledby="loader-title"></progress>
      <p class="line">
        <span id="loader-status">${describe(progress)}</span>
        <button id="cancel" type="button" class="link" @click=${cancel}>Cancel</button>
      </p>
    </section>
  `;
}

function failed({ name, source }: Loading, failure: string, { load }: LoaderActions): TemplateResult {
  return html`
    <section id="loader" part="loader" aria-label="Model" data-state="failed">
      <p class="line"><strong id="loader-title">${name}</strong></p>
      <p id="loader-error" role="alert" part="error">${failure}</p>
      <p class="choices">
        ${source === undefined ? nothing : html`<button id="retry" type="button" @click=${load}>Try again</button>`}
        <slot name="failed"></slot>
      </p>
    </section>
  `;
}
