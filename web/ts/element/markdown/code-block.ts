/** A program in an answer: its language, a button that copies it, and colours once it is complete. */

import { copyText } from "../view/clipboard.js";
import { known } from "./languages.js";
import { sanitisedColours } from "./sanitise.js";

/** A program longer than this would hold the page up while it is coloured. */
const LONGEST_COLOURED = 40_000;

export class CodeBlock {
  readonly root = document.createElement("figure");
  /** What stands behind the fence, as far as it is a name. */
  readonly language: string;
  readonly #code = document.createElement("code");
  #coloured = false;

  constructor(language: string) {
    this.language = language;
    const label = document.createElement("span");
    label.textContent = language || "text";
    const copy = document.createElement("button");
    copy.type = "button";
    copy.textContent = "Copy";
    copy.ariaLabel = `Copy the ${language || "text"} block`;
    copy.part.add("copy-code");
    copy.addEventListener("click", () => void this.#copy(copy));
    const caption = document.createElement("figcaption");
    caption.append(label, copy);
    const scroller = document.createElement("pre");
    // Long lines are scrolled to, by keyboard too.
    scroller.tabIndex = 0;
    scroller.append(this.#code);
    this.root.className = "code";
    this.root.part.add("code");
    this.root.append(caption, scroller);
  }

  get text(): string {
    return this.#code.textContent;
  }

  set text(text: string) {
    // What is there is left alone, and with it what the reader has selected.
    const [node] = this.#code.childNodes;
    if (node instanceof Text && text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
    else this.#code.textContent = text;
  }

  /** Colours the program, if its language is known. It is complete. */
  async colour(): Promise<void> {
    const language = known(this.language);
    const text = this.text;
    if (this.#coloured || !language || text.length > LONGEST_COLOURED) return;
    this.#coloured = true;
    try {
      const { highlighted } = await import("./highlighting.js");
      this.#code.replaceChildren(sanitisedColours(highlighted(text, language)));
    } catch {
      // Colours are a help, not a need: without the chunk, offline perhaps, the program stays in ink.
      this.#coloured = false;
    }
  }

  async #copy(button: HTMLButtonElement): Promise<void> {
    const copied = await copyText(this.text);
    if (!copied) getSelection()?.selectAllChildren(this.#code);
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2_000);
  }
}
