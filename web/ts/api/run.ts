/** One run of the model, once it has said how long its prompt is. */

import { follow } from "./abort.js";
import { internal } from "./refusals.js";
import type { Prompt, Runner, RunOptions, Started, Token } from "./runner.js";

/**
 * A run that was started. The model waits for whoever holds it: read its tokens, which closes it at the end, or close
 * it.
 */
export class Run {
  readonly started: Started;
  readonly #tokens: AsyncGenerator<Token, void>;
  readonly #controller: AbortController;
  readonly #unfollow: () => void;

  private constructor(
    started: Started,
    tokens: AsyncGenerator<Token, void>,
    controller: AbortController,
    unfollow: () => void,
  ) {
    this.started = started;
    this.#tokens = tokens;
    this.#controller = controller;
    this.#unfollow = unfollow;
  }

  /** Rejects with what is wrong with the prompt, before anything is computed, or with an aborted signal's reason. */
  static async open(runner: Runner, prompt: Prompt, options: RunOptions, signal?: AbortSignal): Promise<Run> {
    const controller = new AbortController();
    const unfollow = follow(signal, controller);
    const tokens = runner.run(prompt, { ...options, signal: controller.signal });
    try {
      const { value } = await tokens.next();
      signal?.throwIfAborted();
      if (!value?.started) throw silent();
      return new Run(value.started, tokens, controller, unfollow);
    } catch (error) {
      unfollow();
      await tokens.return();
      throw error;
    }
  }

  /** The tokens up to the one with `finish`. */
  async *tokens(): AsyncGenerator<Token, void> {
    try {
      for await (const token of this.#tokens) {
        yield token;
        if (token.finish) return;
      }
      throw silent();
    } finally {
      await this.close();
    }
  }

  /** Ends it: its next token is the last, with the figures of what was computed. */
  stop(): void {
    this.#controller.abort();
  }

  /** Gives it up. */
  async close(): Promise<void> {
    this.#unfollow();
    await this.#tokens.return();
  }
}

function silent(): Error {
  return internal("The model ended without saying why: load it again.");
}
