/** What screen readers hear of an answer: its finished sentences, once, and not every token. */

/** Sentences spoken are kept in the tree this long, and then leave it, so that nobody meets them twice. */
const KEPT_MS = 10_000;

const segmenter =
  typeof Intl.Segmenter === "function" ? new Intl.Segmenter(undefined, { granularity: "sentence" }) : undefined;

export class Speech {
  readonly root = document.createElement("div");
  /** The block that is being spoken, and how much of its text has been. */
  #block = 0;
  #said = 0;

  constructor() {
    this.root.id = "spoken";
    this.root.className = "hidden";
    this.root.ariaLive = "polite";
  }

  /** A sentence of the element's own. */
  say(text: string): void {
    const words = text.trim();
    if (!words) return;
    const line = document.createElement("p");
    line.textContent = words;
    this.root.append(line);
    setTimeout(() => line.remove(), KEPT_MS);
  }

  /** An answer begins, or goes on: what `prose` has already is not said again. */
  begin(prose: Element): void {
    this.#block = Math.max(0, prose.children.length - 1);
    this.#said = words(prose.lastElementChild ?? undefined).length;
  }

  /** Says what has been completed in `prose` since the last time. */
  follow(prose: Element, finished: boolean): void {
    const blocks = [...prose.children];
    for (; this.#block < blocks.length; this.#block += 1) {
      const complete = finished || this.#block < blocks.length - 1;
      const text = words(blocks[this.#block]).slice(this.#said);
      const ready = complete ? text : finishedSentences(text);
      this.say(ready);
      this.#said += ready.length;
      if (!complete) return;
      this.#said = 0;
    }
  }
}

/** A block as it is spoken: of a program only what it is. */
function words(block: Element | undefined): string {
  const code = block?.matches("figure.code") ? block : undefined;
  if (code) return `A block of ${code.querySelector("figcaption span")?.textContent ?? "text"}.`;
  return block?.textContent ?? "";
}

/** `text` without a last sentence that may go on. */
function finishedSentences(text: string): string {
  if (!segmenter) return /^[\s\S]*[.!?…]\s/.exec(text)?.[0] ?? "";
  const sentences = Array.from(segmenter.segment(text), ({ segment }) => segment);
  return sentences.slice(0, -1).join("");
}
