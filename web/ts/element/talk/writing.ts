/** One answer while it is being written: its pieces go into its turn, and the clock runs. */

import { sentence } from "../events.js";
import type { Turn } from "./conversation.js";
import type { Ending, Figures } from "./message.js";
import type { Piece } from "./pieces.js";

export class Writing {
  readonly turn: Turn;
  readonly #control = new AbortController();
  readonly #start = performance.now();
  /** What the turn had when it was cut off, and is now continued. */
  readonly #before: Figures | undefined;
  #firstAt: number | undefined;
  #lastAt = 0;
  #pieces = 0;
  #thoughtSince: number | undefined;
  #thoughtMs: number | undefined;

  constructor(turn: Turn) {
    this.turn = turn;
    this.#before = turn.figures;
    delete turn.figures;
    delete turn.error;
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  stop(): void {
    this.#control.abort();
  }

  /** From the question to the first token; 0 before there is one. */
  get firstTokenMs(): number {
    return this.#firstAt === undefined ? 0 : this.#firstAt - this.#start;
  }

  /** Tokens after the first, and the time they took. */
  get decoded(): { tokens: number; ms: number } {
    return { tokens: Math.max(0, this.#pieces - 1), ms: this.#lastAt - (this.#firstAt ?? this.#lastAt) };
  }

  /** How long the model has been thinking, or thought; nothing when it does not. */
  get thoughtMs(): number | undefined {
    if (this.#thoughtMs !== undefined || this.#thoughtSince === undefined) return this.#thoughtMs;
    return performance.now() - this.#thoughtSince;
  }

  /** Takes `pieces` into the turn until they end; `heard` is called for each. Returns what went wrong, if anything did. */
  async take(pieces: AsyncIterable<Piece>, heard: (piece: Piece) => void): Promise<Error | undefined> {
    let end: Piece["end"];
    try {
      for await (const piece of pieces) {
        this.#hear(piece);
        end = piece.end ?? end;
        heard(piece);
      }
    } catch (error) {
      if (!this.signal.aborted) return this.#failed(error);
    }
    this.#finish(this.signal.aborted ? "stopped" : (end?.ending ?? "end"), end);
    return undefined;
  }

  #hear({ content, reasoning, leftOut }: Piece): void {
    const { turn } = this;
    const now = performance.now();
    if (leftOut) turn.leftOut = leftOut;
    if (!content && !reasoning) return;
    this.#firstAt ??= now;
    this.#lastAt = now;
    this.#pieces += 1;
    if (reasoning) {
      this.#thoughtSince ??= now;
      turn.reasoning += unified(reasoning);
    }
    if (content) {
      this.#thoughtMs = this.thoughtMs;
      // A template's blank lines before the answer are none of it.
      turn.content += turn.content ? unified(content) : unified(content).trimStart();
    }
  }

  #failed(thrown: unknown): Error {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.turn.error = sentence(error);
    this.#finish("failed", undefined);
    return error;
  }

  #finish(ending: Ending, end: Piece["end"]): void {
    const { tokens, ms } = this.decoded;
    const thoughtMs = this.#before?.thoughtMs ?? this.thoughtMs;
    this.turn.figures = {
      ending,
      tokens: (this.#before?.tokens ?? 0) + (end?.tokens ?? (this.#pieces > 0 ? tokens + 1 : 0)),
      firstTokenMs: this.#before?.firstTokenMs ?? end?.firstTokenMs ?? this.firstTokenMs,
      decodeMs: (this.#before?.decodeMs ?? 0) + (end?.decodeMs ?? ms),
      ...(thoughtMs !== undefined && { thoughtMs }),
    };
  }
}

function unified(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}
