/** Text that grows on the screen: as it was written until the libraries for Markdown are there, and with its form then. */

import type { Prose } from "../markdown/prose.js";
import { atLeisure } from "./leisure.js";

type Markdown = typeof import("../markdown/prose.js");

let markdown: Markdown | undefined;
let coming: Promise<void> | undefined;

/** Loads the libraries for Markdown: a chunk of its own, so that the element is on the screen before them. */
export function bringMarkdown(): Promise<void> {
  coming ??= import("../markdown/prose.js").then(
    (module) => {
      markdown = module;
    },
    () => {
      // Form is a help, not a need: without the chunk, offline perhaps, text stays as it was written, until it is tried again.
      coming = undefined;
    },
  );
  return coming;
}

export class Written {
  readonly root = document.createElement("div");
  #prose: Prose | undefined;
  #text = "";
  #finished = false;
  #isAsked = false;

  constructor() {
    this.root.className = "prose";
    this.root.dir = "auto";
  }

  /** Shows `text` as it is written, until there is time for more. */
  set plain(text: string) {
    this.root.textContent = text;
  }

  /** Shows `text`, which begins as it did last time. */
  update(text: string, finished: boolean): void {
    this.#text = text;
    this.#finished = finished;
    if (markdown) return this.#show(markdown);
    this.plain = text;
    // Once while it is written, and once more at its end: a network that is gone is not asked with every word.
    if (this.#isAsked && !finished) return;
    this.#isAsked = true;
    void bringMarkdown().then(() => atLeisure(() => markdown && this.#show(markdown)));
  }

  clear(): void {
    this.#prose = undefined;
    this.root.replaceChildren();
  }

  #show({ Prose }: Markdown): void {
    this.#prose ??= new Prose(this.root);
    this.#prose.update(this.#text, this.#finished);
  }
}
