/** Shapes of `chat.completions`. */

import type { FinishReason, SharedParams, Timings, Usage } from "./shared.js";

/** A piece of a message. Several are joined as they are, with nothing in between. */
export interface TextPart {
  type: "text";
  text: string;
}

/** What the model is told beforehand; "developer" is another name for "system". */
export interface SystemMessage {
  role: "system" | "developer";
  content: string | readonly TextPart[];
}

/** What the person says. */
export interface UserMessage {
  role: "user";
  content: string | readonly TextPart[];
}

/** What the model said before. The `message` of an earlier answer can be given as it is. */
export interface AssistantMessage {
  role: "assistant";
  content?: string | readonly TextPart[] | null | undefined;
  /** Not given to the model again. */
  reasoning_content?: string | null | undefined;
}

/** What a tool said, for templates that know the role. */
export interface ToolMessage {
  role: "tool";
  content: string | readonly TextPart[];
}

/** One message of a conversation. */
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

/**
 * What the answer has to be. Everything but "text" is enforced while tokens are chosen, and holds for the whole text,
 * so that none of it is told apart as reasoning.
 */
export type ResponseFormat =
  | { type: "text" }
  /** Any JSON object. */
  | { type: "json_object" }
  /** JSON by a schema. It is always enforced, whatever `strict` says. */
  | {
      type: "json_schema";
      json_schema: { name: string; schema: Record<string, unknown>; description?: string; strict?: boolean | null };
    }
  /** What a regular expression matches as a whole. Not in OpenAI's API. */
  | { type: "regex"; regex: string };

/** The parameters of `chat.completions.create`, but for `stream`. */
export interface ChatCompletionCreateParamsBase extends SharedParams {
  /** The whole conversation, each time: what the model still knows of it is not computed again. */
  messages: readonly ChatMessage[];
  /** The most tokens to generate, reasoning included; when absent, until the model ends or the context is full. */
  max_completion_tokens?: number | null | undefined;
  /** The older name of `max_completion_tokens`. */
  max_tokens?: number | null | undefined;
  /** Give the log-probability of each token of `content`. */
  logprobs?: boolean | null | undefined;
  /** With `logprobs`, of so many of the likeliest tokens at each place, too: 0 to 20. */
  top_logprobs?: number | null | undefined;
  response_format?: ResponseFormat | null | undefined;
  /**
   * What to do with a conversation that is too long: "disabled", the default, is the error `context_length_exceeded`;
   * "auto" drops the oldest turns, but no system message and not the last turn. Not in OpenAI's chat API.
   */
  truncation?: "auto" | "disabled" | null | undefined;
  /** Of no consequence here, as are the following. */
  parallel_tool_calls?: boolean | null | undefined;
  reasoning_effort?: string | null | undefined;
  verbosity?: string | null | undefined;
}

export interface ChatCompletionCreateParamsNonStreaming extends ChatCompletionCreateParamsBase {
  stream?: false | null | undefined;
}

export interface ChatCompletionCreateParamsStreaming extends ChatCompletionCreateParamsBase {
  stream: true;
}

/** The parameters of `chat.completions.create`. */
export type ChatCompletionCreateParams = ChatCompletionCreateParamsNonStreaming | ChatCompletionCreateParamsStreaming;

/** A token and the natural logarithm of its probability. */
export interface TopLogprob {
  /** The token's text; of a token that is half a character, its bytes as "bytes:\xf0\x9f". */
  token: string;
  /** The token's bytes in UTF-8. */
  bytes: number[];
  /** -9999 stands for everything less likely than that. */
  logprob: number;
}

export interface ChatCompletionTokenLogprob extends TopLogprob {
  /** The likeliest tokens at this place, likeliest first. */
  top_logprobs: TopLogprob[];
}

export interface ChatLogprobs {
  /** The tokens of `content`; those of the reasoning are not among them. */
  content: ChatCompletionTokenLogprob[];
  refusal: null;
}

/** An answer. */
export interface ChatCompletionMessage {
  role: "assistant";
  /**
   * The answer, without its reasoning. It is a string always, as in OpenAI's API whenever there are no tool calls:
   * "" when the model did not get beyond its reasoning.
   */
  content: string;
  /** What the model thought before it answered; absent if it did not. Not in OpenAI's API. */
  reasoning_content?: string;
  refusal: null;
}

export interface ChatCompletionChoice {
  index: number;
  message: ChatCompletionMessage;
  logprobs: ChatLogprobs | null;
  finish_reason: FinishReason;
}

/** What `chat.completions.create` resolves to. */
export interface ChatCompletion {
  id: string;
  object: "chat.completion";
  /** Seconds since 1970. */
  created: number;
  model: string;
  choices: ChatCompletionChoice[];
  usage: Usage;
  /** Of all choices together, from the first one's start. */
  timings: Timings;
  /** How many messages `truncation: "auto"` has dropped; absent if none. */
  truncated_messages?: number;
}

/** What a chunk adds to a message. */
export interface ChatCompletionDelta {
  /** On the first chunk of a choice. */
  role?: "assistant";
  content?: string;
  /** Comes before `content`, never along with it. Not in OpenAI's API. */
  reasoning_content?: string;
}

export interface ChatCompletionChunkChoice {
  index: number;
  delta: ChatCompletionDelta;
  logprobs: ChatLogprobs | null;
  /** Set on the last chunk of a choice. */
  finish_reason: FinishReason | null;
}

/** One step of a streamed answer. */
export interface ChatCompletionChunk {
  /** The same on all chunks. */
  id: string;
  object: "chat.completion.chunk";
  /** Seconds since 1970. */
  created: number;
  model: string;
  /** One; none on the chunk with `usage`. */
  choices: ChatCompletionChunkChoice[];
  /** With `stream_options.include_usage`: null, and on the last chunk the usage. */
  usage?: Usage | null;
  /** On the chunk with `finish_reason`, for its choice. */
  timings?: Timings;
  /** On the first chunk: how many messages `truncation: "auto"` has dropped; absent if none. */
  truncated_messages?: number;
}
