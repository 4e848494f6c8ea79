/** The text of one choice, from tokens to what is said. */

import type { Piece } from "./pieces.js";
import { ReasoningSplitter } from "./reasoning.js";
import type { TokenLogprob } from "./runner.js";
import { StopFinder } from "./stops.js";

/** A token of the answer's content. */
export interface PlacedLogprob {
  logprob: TokenLogprob;
  /** Where its text begins in the content, in UTF-16 code units. */
  offset: number;
}

/** What is added to an answer. */
export interface Delta {
  reasoning: string;
  content: string;
  /** The tokens whose text in the answer begins with this `content`. */
  logprobs: PlacedLogprob[];
}

/** How the text of an answer is to be read. */
export interface Reading {
  /** They end the answer; in the reasoning they are not looked for. */
  stops: readonly string[];
  /** Whether reasoning is kept apart, and whether the prompt has opened it. */
  reasoning: { thinking: boolean } | undefined;
}

/** Tells reasoning from content and ends the content at a stop string. */
export class AnswerReader {
  readonly #splitter: ReasoningSplitter | undefined;
  readonly #stops: StopFinder;
  #last: TokenLogprob | undefined;
  #length = 0;

  constructor({ stops, reasoning }: Reading) {
    this.#stops = new StopFinder(stops);
    this.#splitter = reasoning && new ReasoningSplitter(reasoning.thinking);
  }

  /** A stop string is complete: nothing more is to come. */
  get stopped(): boolean {
    return this.#stops.found;
  }

  /** Tokens that went into the reasoning; right once the answer has ended. */
  get reasoningTokens(): number {
    return this.#splitter?.tokens ?? 0;
  }

  /** What has become clear now that this token has come. */
  push(token: Piece): Delta {
    const { reasoning, answer } = this.#splitter?.push(token) ?? { reasoning: "", answer: [token] };
    const content = answer.flatMap((piece) => this.#stops.push(piece));
    return this.#delta(reasoning, content);
  }

  /** What was held back, when no token follows but perhaps `text`. */
  finish(text: string): Delta {
    const { reasoning, answer } = this.#splitter?.finish(text) ?? { reasoning: "", answer: [{ text }] };
    const content = answer.flatMap((piece) => this.#stops.push(piece));
    return this.#delta(reasoning, [...content, ...this.#stops.finish()]);
  }

  #delta(reasoning: string, pieces: readonly Piece[]): Delta {
    const delta: Delta = { reasoning, content: "", logprobs: [] };
    for (const { text, logprob } of pieces) {
      if (logprob && logprob !== this.#last) delta.logprobs.push({ logprob, offset: this.#length });
      this.#last = logprob;
      this.#length += text.length;
      delta.content += text;
    }
    return delta;
  }
}
