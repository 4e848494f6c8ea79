/** What `create` gives with `stream: true`. */

import { follow } from "./abort.js";

/**
 * An answer in steps. Nothing is computed before it is iterated, and it can be iterated once.
 *
 * ```js
 * for await (const chunk of motet.chat.completions.create({ messages, stream: true })) {
 *   out.append(chunk.choices[0]?.delta.content ?? "");
 * }
 * ```
 *
 * Leaving the loop ends the run. So does aborting `controller` or the request's `signal`: the iteration then ends at
 * once, without an error and without a chunk that has a `finish_reason`, as the stream of the `openai` client does.
 */
export class Stream<Chunk> implements AsyncIterable<Chunk> {
  /** Aborting it ends the stream. */
  readonly controller = new AbortController();
  readonly #chunks: (signal: AbortSignal) => AsyncGenerator<Chunk, void>;
  readonly #signal: AbortSignal | undefined;
  #consumed = false;

  /** Throws the reason of a `signal` that is aborted already. */
  constructor(chunks: (signal: AbortSignal) => AsyncGenerator<Chunk, void>, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    this.#chunks = chunks;
    this.#signal = signal;
  }

  /** Throws a `MotetError` when the answer fails, also in the middle of it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void> {
    if (this.#consumed) throw new Error("A stream can be iterated once: keep its chunks, or create another.");
    this.#consumed = true;
    const { signal } = this.controller;
    const unfollow = follow(this.#signal, this.controller);
    try {
      yield* this.#chunks(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      unfollow();
    }
  }
}
