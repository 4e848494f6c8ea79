/** A sequence of one's own, below the API: ids in, tokens out. */

import type { EngineHolder } from "./engine.js";
import type { Prompt } from "./protocol.js";
import { type GenerateOptions, run, type Token } from "./run.js";

let last = 0;

/**
 * A sequence with a cache of its own on the GPU. Prompts of one session wait for each other; sessions of one model run side
 * by side. What a prompt has in common with what the session saw before is not computed again, so a loop that changes the
 * sampler from step to step asks for one token at a time:
 *
 * ```js
 * const session = motet.session();
 * let ids = await motet.tokenize("Once upon a time");
 * for (let step = 0; step < 100; step += 1) {
 *   for await (const { id } of session.prompt(ids, { maxTokens: 1, temperature: step < 20 ? 1 : 0.5 })) {
 *     if (id !== undefined) ids = Uint32Array.of(...ids, id);
 *   }
 * }
 * session.close();
 * ```
 */
export class Session {
  readonly #engine: EngineHolder;
  readonly #id: number;

  /** Made by `Motet.session`. */
  constructor(engine: EngineHolder) {
    this.#engine = engine;
    this.#id = ++last;
  }

  /** Goes on from ids, all of the sequence each time, or from raw text, in which no special token is parsed. */
  prompt(prompt: ArrayLike<number> | string, options: GenerateOptions = {}): AsyncGenerator<Token, void> {
    const from: Prompt = typeof prompt === "string" ? { text: prompt } : { ids: Uint32Array.from(prompt) };
    return run(this.#engine, from, options, this.#id);
  }

  /** Another session that has seen the same and goes on alone. */
  async fork(): Promise<Session> {
    const fork = new Session(this.#engine);
    await this.#engine.ask((request) => ({ type: "fork", request, session: this.#id, as: fork.#id }));
    return fork;
  }

  /** The logits of the whole vocabulary that the last id was chosen from; empty unless the prompt asked for `logprobs`. */
  async logits(): Promise<Float32Array> {
    return (await this.#engine.ask((request) => ({ type: "logits", request, session: this.#id }))) as Float32Array;
  }

  /** Frees its cache. */
  close(): void {
    this.#engine.tell({ type: "end", session: this.#id });
  }
}
