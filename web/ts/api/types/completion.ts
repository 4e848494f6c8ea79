/** Shapes of `completions`. */

import type { FinishReason, SharedParams, Timings, Usage } from "./shared.js";

/** The parameters of `completions.create`, but for `stream`. */
export interface CompletionCreateParamsBase extends SharedParams {
  /** Texts, in which no special token is parsed, or token ids, to go on from. Each is given `n` choices. */
  prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** Put the prompt before the text. */
  echo?: boolean | null | undefined;
  /** Give log-probabilities, and of so many of the likeliest tokens at each place: 0 to 5. */
  logprobs?: number | null | undefined;
  /** The most tokens to generate. Default 16, as in OpenAI's API. */
  max_tokens?: number | null | undefined;
  /** Nothing else than `n`: answers are not compared. */
  best_of?: number | null | undefined;
}

export interface CompletionCreateParamsNonStreaming extends CompletionCreateParamsBase {
  stream?: false | null | undefined;
}

export interface CompletionCreateParamsStreaming extends CompletionCreateParamsBase {
  stream: true;
}

/** The parameters of `completions.create`. */
export type CompletionCreateParams = CompletionCreateParamsNonStreaming | CompletionCreateParamsStreaming;

/** The tokens of a text, in lists of equal length. */
export interface CompletionLogprobs {
  /** The tokens' texts; of a token that is half a character, its bytes as "bytes:\xf0\x9f". */
  tokens: string[];
  /** Natural logarithms of their probabilities; -9999 stands for everything less likely than that. */
  token_logprobs: number[];
  /** The likeliest tokens at each place, and the one that was chosen. */
  top_logprobs: Record<string, number>[];
  /** Where the tokens begin in `text`, in UTF-16 code units, as JavaScript counts. */
  text_offset: number[];
}

export interface CompletionChoice {
  /** Choice `i` of prompt `p` has the index `p * n + i`. */
  index: number;
  text: string;
  logprobs: CompletionLogprobs | null;
  finish_reason: FinishReason;
}

/** What `completions.create` resolves to. */
export interface Completion {
  id: string;
  object: "text_completion";
  /** Seconds since 1970. */
  created: number;
  model: string;
  choices: CompletionChoice[];
  usage: Usage;
  /** Of all choices together, from the first one's start. */
  timings: Timings;
}

export interface CompletionChunkChoice {
  index: number;
  /** What is added to the text. */
  text: string;
  logprobs: CompletionLogprobs | null;
  /** Set on the last chunk of a choice. */
  finish_reason: FinishReason | null;
}

/** One step of a streamed text. */
export interface CompletionChunk {
  /** The same on all chunks. */
  id: string;
  object: "text_completion";
  /** Seconds since 1970. */
  created: number;
  model: string;
  /** One; none on the chunk with `usage`. */
  choices: CompletionChunkChoice[];
  /** With `stream_options.include_usage`: null, and on the last chunk the usage. */
  usage?: Usage | null;
  /** On the chunk with `finish_reason`, for its choice. */
  timings?: Timings;
}
