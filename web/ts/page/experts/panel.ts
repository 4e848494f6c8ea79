/** The panel beside the chat that shows which experts of a mixture answer, while they do. */

import { html, render } from "lit";
import type { MotetChat } from "../../element/index.js";
import { element } from "../dom.js";
import { keep, kept } from "../kept.js";
import { Heatmap } from "./heatmap.js";
import { described, layerInWords, most, since, summarised, type Usage } from "./usage.js";

const KEY = "motet.experts";
const POLL_MS = 330;

const panel = element("experts", HTMLElement);
const toggle = element("toggle-experts", HTMLButtonElement);
const tip = element("experts-tip", HTMLElement);
const words = element("experts-words", HTMLElement);
const canvas = element("experts-map", HTMLCanvasElement);
const wide = matchMedia("(min-width: 76rem)");

export function wireExperts(chat: MotetChat): void {
  const view = new Panel(chat);
  chat.addEventListener("motet-load", () => void view.begin());
  chat.addEventListener("motet-state", ({ detail: { state } }) => {
    if (state === "answering") void view.follow();
    else view.rest();
  });
}

class Panel {
  readonly #map = new Heatmap(canvas);
  /** What had been counted when the answer began. */
  #base: Usage | undefined;
  #shown: Usage | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly chat: MotetChat) {
    toggle.addEventListener("click", () => this.#open(panel.hidden === true, true));
    element("close-experts", HTMLButtonElement).addEventListener("click", () => {
      this.#open(false, true);
      toggle.focus();
    });
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerleave", () => (tip.hidden = true));
    words.closest("details")?.addEventListener("toggle", () => this.#draw());
    const redraw = (): void => this.#map.redraw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  /** A model was loaded: a mixture has the panel, others do not. */
  async begin(): Promise<void> {
    const usage = await this.#counted();
    toggle.hidden = usage === undefined;
    this.#base = usage;
    this.#shown = usage && since(usage, usage);
    this.#open(usage !== undefined && (kept(KEY) ?? (wide.matches ? "open" : "closed")) === "open", false);
  }

  /** An answer begins. */
  async follow(): Promise<void> {
    if (toggle.hidden) return;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#poll(), POLL_MS);
    this.#base = await this.#counted();
  }

  /** No answer is being written: what was counted last stays. */
  rest(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    void this.#poll();
  }

  async #poll(): Promise<void> {
    const usage = await this.#counted();
    if (!usage) return;
    this.#shown = since(usage, this.#base);
    this.#draw();
  }

  async #counted(): Promise<Usage | undefined> {
    try {
      return await this.chat.motet?.experts();
    } catch {
      // The model was closed meanwhile.
      return undefined;
    }
  }

  #open(open: boolean, byHand: boolean): void {
    panel.hidden = !open;
    toggle.ariaExpanded = String(open);
    if (byHand) keep(KEY, open ? "open" : "closed");
    this.#draw();
  }

  #draw(): void {
    const usage = this.#shown;
    if (!usage || panel.hidden) return;
    this.#map.show(usage);
    element("experts-summary", HTMLElement).textContent = summarised(usage);
    element("experts-most", HTMLElement).textContent = `${most(usage).toLocaleString("en")} times`;
    if (!words.closest("details")?.open) return;
    const layers = Array.from({ length: usage.layers }, (_, layer) => html`<li>${layerInWords(usage, layer)}</li>`);
    render(layers, words);
  }

  #point(event: PointerEvent): void {
    const place = this.#map.at(event);
    tip.hidden = !place || !this.#shown;
    if (place && this.#shown) tip.textContent = described(this.#shown, place.layer, place.expert);
  }
}
