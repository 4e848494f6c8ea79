/** Text that still knows of which tokens it is made, so that it can be cut anywhere. */

import type { TokenLogprob } from "./runner.js";

/** The text of one token, or a part of it. A token that is half a character has none; the next one brings all of it. */
export interface Piece {
  text: string;
  logprob?: TokenLogprob | undefined;
}

/** Pieces that wait until it is clear what becomes of them. */
export class PieceBuffer {
  #pieces: Piece[] = [];
  #text = "";

  /** The text of all that waits. */
  get text(): string {
    return this.#text;
  }

  push(piece: Piece): void {
    this.#pieces.push(piece);
    this.#text += piece.text;
  }

  /**
   * Takes so much text from the front, in UTF-16 code units. A piece without text goes with what follows it. Both
   * halves of a piece that is cut keep its log-probability.
   */
  take(length: number): Piece[] {
    const taken: Piece[] = [];
    let left = length;
    while (left > 0) {
      const piece = this.#pieces.shift();
      if (!piece) break;
      if (piece.text.length > left) {
        taken.push({ ...piece, text: piece.text.slice(0, left) });
        this.#pieces.unshift({ ...piece, text: piece.text.slice(left) });
        break;
      }
      taken.push(piece);
      left -= piece.text.length;
    }
    this.#text = this.#text.slice(length);
    return taken;
  }

  /** Takes everything, pieces without text at the end, too. */
  takeAll(): Piece[] {
    const taken = this.#pieces;
    this.#pieces = [];
    this.#text = "";
    return taken;
  }
}

/** How many of the last characters of `text` may be the beginning of `wanted`, but not all of it. */
export function beginningAtEnd(text: string, wanted: string): number {
  let length = Math.min(text.length, wanted.length - 1);
  while (!text.endsWith(wanted.slice(0, length))) length -= 1;
  return length;
}
