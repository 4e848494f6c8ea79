/** What a model thinks before it answers: `<think>…</think>` at the beginning of its text. */

import { beginningAtEnd, type Piece, PieceBuffer } from "./pieces.js";

const OPEN = "<think>";
const CLOSE = "</think>";
const FIRST_NEWLINES = /^[\r\n]+/;
const LAST_NEWLINES = /[\r\n]+$/;

/** What has become clear: reasoning as text, the answer as pieces. */
export interface Sorted {
  reasoning: string;
  answer: Piece[];
}

/**
 * Parts a text into reasoning and answer. Where it is cut into pieces makes no difference, and half a tag is never let
 * through. Newlines around the reasoning and before the answer are dropped. Only white space may come before
 * `<think>`; later it is text like any other.
 */
export class ReasoningSplitter {
  readonly #thinking: boolean;
  readonly #held = new PieceBuffer();
  #state: "opening" | "reasoning" | "gap" | "answer" = "opening";
  #began = false;
  #pushed = 0;
  #tokens = 0;

  /** `thinking`: the prompt has opened the tag already. */
  constructor(thinking: boolean) {
    this.#thinking = thinking;
  }

  /** How many tokens went into the reasoning, tags included; right once the tag is closed or `finish` was called. */
  get tokens(): number {
    return this.#tokens;
  }

  /** What has become clear now that a token has come. */
  push(token: Piece): Sorted {
    this.#pushed += 1;
    return this.#sort(token);
  }

  /** What was held back, when no token follows but perhaps `text`. */
  finish(text: string): Sorted {
    const sorted = this.#sort({ text });
    const inside = this.#state === "reasoning" || (this.#state === "opening" && this.#thinking);
    if (inside) {
      sorted.reasoning += this.#begin(this.#held.text.replace(LAST_NEWLINES, ""));
      this.#tokens = this.#pushed;
    } else {
      sorted.answer.push(...this.#held.takeAll());
    }
    return sorted;
  }

  #sort(piece: Piece): Sorted {
    const sorted: Sorted = { reasoning: "", answer: [] };
    this.#held.push(piece);
    while (this.#step(sorted)) {}
    return sorted;
  }

  /** Goes as far as it can; whether the state has changed. */
  #step(sorted: Sorted): boolean {
    switch (this.#state) {
      case "opening":
        return this.#open();
      case "reasoning":
        return this.#reason(sorted);
      case "gap":
        return this.#skip();
      case "answer":
        sorted.answer.push(...this.#held.takeAll());
        return false;
    }
  }

  #open(): boolean {
    const { text } = this.#held;
    const start = text.trimStart();
    if (start.startsWith(OPEN)) {
      this.#held.take(text.length - start.length + OPEN.length);
      this.#state = "reasoning";
    } else if (OPEN.startsWith(start)) {
      return false;
    } else {
      this.#state = this.#thinking ? "reasoning" : "answer";
    }
    return true;
  }

  #reason(sorted: Sorted): boolean {
    const { text } = this.#held;
    const close = text.indexOf(CLOSE);
    const end = close < 0 ? text.length - beginningAtEnd(text, CLOSE) : close;
    // Newlines are held back, too: they are dropped if the tag comes next.
    const reasoning = text.slice(0, end).replace(LAST_NEWLINES, "");
    sorted.reasoning += this.#begin(reasoning);
    this.#held.take(close < 0 ? reasoning.length : close + CLOSE.length);
    if (close < 0) return false;
    this.#tokens = this.#pushed;
    this.#state = "gap";
    return true;
  }

  #skip(): boolean {
    const { text } = this.#held;
    const answer = text.replace(FIRST_NEWLINES, "");
    this.#held.take(text.length - answer.length);
    if (answer === "") return false;
    this.#state = "answer";
    return true;
  }

  /** Drops newlines in front of the first reasoning. */
  #begin(reasoning: string): string {
    const text = this.#began ? reasoning : reasoning.replace(FIRST_NEWLINES, "");
    this.#began ||= text !== "";
    return text;
  }
}
