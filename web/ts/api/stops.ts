/** Stop strings: they end a text, and no part of them is in it. */

import { beginningAtEnd, type Piece, PieceBuffer } from "./pieces.js";

/**
 * Lets text through up to the first stop string. Where a text is cut into pieces makes no difference: the string that
 * is complete first counts, and of several that are complete at the same character the longest.
 */
export class StopFinder {
  readonly #stops: readonly string[];
  readonly #held = new PieceBuffer();
  #found = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** Whether a stop string is complete; nothing is let through any more then. */
  get found(): boolean {
    return this.#found;
  }

  /** What can be let through, now that `piece` has come. What may begin a stop string is held back. */
  push(piece: Piece): Piece[] {
    if (this.#found) return [];
    this.#held.push(piece);
    const { text } = this.#held;
    const start = this.#find(text);
    this.#found = start !== undefined;
    return this.#held.take(start ?? text.length - this.#mayBegin(text));
  }

  /** What was held back, when nothing follows. */
  finish(): Piece[] {
    return this.#found ? [] : this.#held.takeAll();
  }

  /** Where the stop string starts that ends first. */
  #find(text: string): number | undefined {
    let start = Infinity;
    let end = Infinity;
    for (const stop of this.#stops) {
      const from = text.indexOf(stop);
      const to = from + stop.length;
      if (from < 0 || to > end || (to === end && from > start)) continue;
      start = from;
      end = to;
    }
    return end === Infinity ? undefined : start;
  }

  #mayBegin(text: string): number {
    return Math.max(0, ...this.#stops.map((stop) => beginningAtEnd(text, stop)));
  }
}
