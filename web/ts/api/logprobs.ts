/** Log-probabilities in OpenAI's shapes. */

import type { PlacedLogprob } from "./answer.js";
import type { LikelyToken } from "./runner.js";
import type { ChatLogprobs, TopLogprob } from "./types/chat.js";
import type { CompletionLogprobs } from "./types/completion.js";

/** Stands for what JSON has no number for, as in OpenAI's API. */
const LEAST = -9999;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** As `chat.completions` gives them. */
export function chatLogprobs(placed: readonly PlacedLogprob[]): ChatLogprobs {
  const content = placed.map(({ logprob }) => ({ ...likely(logprob), top_logprobs: logprob.top.map(likely) }));
  return { content, refusal: null };
}

/** As `completions` gives them. `before`: so much text stands before the generated one. */
export function completionLogprobs(placed: readonly PlacedLogprob[], before: number): CompletionLogprobs {
  const chosen = placed.map(({ logprob }) => likely(logprob));
  return {
    tokens: chosen.map(({ token }) => token),
    token_logprobs: chosen.map(({ logprob }) => logprob),
    top_logprobs: placed.map(({ logprob }) =>
      Object.fromEntries([...logprob.top, logprob].map(likely).map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: placed.map(({ offset }) => before + offset),
  };
}

function likely({ bytes, logprob }: LikelyToken): TopLogprob {
  return { token: textOf(bytes), bytes: Array.from(bytes), logprob: Math.max(logprob, LEAST) };
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
  }
}
