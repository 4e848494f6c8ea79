/** The dialog of models: choose one, see what it takes, load it; and what is kept on this device. */

import { html, nothing, render, type TemplateResult } from "lit";
import { roughly } from "../../bytes.js";
import { Motet } from "../../motet.js";
import { element } from "../dom.js";
import { toast } from "../toast.js";
import { Candidate, preflight } from "./preflight.js";
import { type Entry, entries, isSame } from "./shelf.js";
import { storage } from "./storage.js";

const dialog = element("models", HTMLDialogElement);
const address = element("address", HTMLInputElement);

export interface PickerActions {
  /** Loads what was chosen. */
  load(source: string | File): void;
  /** The source of the model that is loaded or being loaded. */
  current(): string | undefined;
}

export function wirePicker(actions: PickerActions): void {
  const picker = new Picker(actions);
  const file = element("file", HTMLInputElement);
  element("open-models", HTMLButtonElement).addEventListener("click", () => picker.open());
  element("address-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    picker.considerAddress();
  });
  for (const id of ["open-file", "open-other-file"]) {
    element(id, HTMLButtonElement).addEventListener("click", () => file.click());
  }
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    file.value = "";
    dialog.close();
    if (chosen) actions.load(chosen);
  });
}

class Picker {
  #entries: Entry[] = [];
  #candidate: Candidate | undefined;

  constructor(private readonly actions: PickerActions) {
    dialog.addEventListener("close", () => this.#consider(undefined));
  }

  open(): void {
    dialog.showModal();
    this.#draw();
    void this.#refresh();
  }

  considerAddress(): void {
    const source = address.value.trim();
    if (source) this.#consider(source);
  }

  async #refresh(): Promise<void> {
    this.#entries = await entries();
    this.#draw();
    await storage(this.#entries, () => void this.#refresh());
  }

  #consider(source: string | undefined): void {
    this.#candidate?.drop();
    this.#candidate = source === undefined ? undefined : new Candidate(source, () => this.#draw());
    this.#draw();
  }

  #load(source: string): void {
    dialog.close();
    this.actions.load(source);
  }

  async #remove({ name, stored }: Entry): Promise<void> {
    if (!stored) return;
    try {
      await Motet.remove(stored.source);
      toast(`“${name}” is not on this device any more; it can be downloaded again.`);
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error));
    }
    await this.#refresh();
  }

  #draw(): void {
    const listed = this.#entries.some(({ source }) => source === this.#candidate?.source);
    render(html`<ul>${this.#entries.map((entry) => this.#item(entry))}</ul>`, element("models-list", HTMLElement));
    render(this.#candidate && !listed ? this.#preflight(this.#candidate) : nothing, element("address-preflight", HTMLElement));
  }

  #preflight(candidate: Candidate): TemplateResult {
    return preflight(candidate, () => this.#load(candidate.source), () => this.#consider(undefined));
  }

  #item(entry: Entry): TemplateResult {
    const { source, name, about, stored } = entry;
    const current = this.actions.current();
    const isCurrent = current !== undefined && isSame(source, current);
    const candidate = this.#candidate?.source === source ? this.#candidate : undefined;
    return html`
      <li class=${candidate ? "chosen" : ""} data-source=${source}>
        <button
          type="button"
          class="model"
          aria-expanded=${candidate !== undefined}
          aria-current=${isCurrent ? "true" : nothing}
          @click=${() => this.#consider(candidate ? undefined : source)}
        >
          <strong>${name}${isCurrent ? html` <em>in use</em>` : nothing}</strong>
          <span class="about">${about}</span>
          <span class="size">${sizeOf(entry)}</span>
        </button>
        ${stored
          ? html`<button type="button" class="link" data-act="remove" aria-label=${`Delete ${name} from this device`} @click=${() => void this.#remove(entry)}>
              Delete
            </button>`
          : nothing}
        ${candidate ? this.#preflight(candidate) : nothing}
      </li>
    `;
  }
}

function sizeOf({ bytes, stored }: Entry): TemplateResult {
  if (!stored) return html`${roughly(bytes)}`;
  if (stored.complete) return html`${roughly(bytes)}, <b>on this device</b>`;
  return html`${roughly(bytes)}, <b>${roughly(stored.bytes)} on this device</b>`;
}
