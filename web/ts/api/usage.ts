/** What a request took. */

import type { Ending } from "./choices.js";
import type { Finish } from "./runner.js";
import type { Timings, Usage } from "./types/shared.js";

const NOTHING: Timings = {
  prompt_tokens: 0,
  cached_tokens: 0,
  completion_tokens: 0,
  first_token_ms: 0,
  decode_ms: 0,
};

/** The timings of one run. */
export function timingsOf(finish: Finish): Timings {
  return {
    prompt_tokens: finish.promptTokens,
    cached_tokens: finish.cachedTokens,
    completion_tokens: finish.tokens,
    first_token_ms: finish.firstTokenMs,
    decode_ms: finish.decodeMs,
  };
}

/** Adds up the runs of a request. A prompt that several choices are made of is counted once. */
export class Tally {
  #timings: Timings | undefined;
  #reasoning = 0;

  add({ finish, reasoningTokens, newPrompt }: Ending): void {
    const run = timingsOf(finish);
    const sum = this.timings();
    this.#timings = {
      prompt_tokens: sum.prompt_tokens + (newPrompt ? run.prompt_tokens : 0),
      cached_tokens: sum.cached_tokens + (newPrompt ? run.cached_tokens : 0),
      completion_tokens: sum.completion_tokens + run.completion_tokens,
      first_token_ms: this.#timings ? sum.first_token_ms : run.first_token_ms,
      decode_ms: sum.decode_ms + run.decode_ms,
    };
    this.#reasoning += reasoningTokens;
  }

  /** Those of all runs together; the first token is that of the first run. */
  timings(): Timings {
    return this.#timings ?? NOTHING;
  }

  usage(): Usage {
    const { prompt_tokens, cached_tokens, completion_tokens } = this.timings();
    return {
      prompt_tokens,
      completion_tokens,
      total_tokens: prompt_tokens + completion_tokens,
      prompt_tokens_details: { cached_tokens },
      completion_tokens_details: { reasoning_tokens: this.#reasoning },
    };
  }
}
