/** Shapes that the endpoints have in common. */

/** Why an answer ended: the model or a stop string ended it, or `max_tokens` or the context was used up. */
export type FinishReason = "stop" | "length";

/** How many tokens a request took. */
export interface Usage {
  /** Tokens of the prompt, counted once however many choices were made of it. */
  prompt_tokens: number;
  /** Tokens that were generated, of all choices together, those of stop strings among them. */
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: {
    /** Tokens of the prompt that the model still knew from before, and that were not computed again. */
    cached_tokens: number;
  };
  completion_tokens_details: {
    /** Tokens that went into `reasoning_content`, tags included. */
    reasoning_tokens: number;
  };
}

/** How long it took; not in OpenAI's API. */
export interface Timings {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  /** Milliseconds from the start to the first token. */
  first_token_ms: number;
  /** Milliseconds from the first token to the last. */
  decode_ms: number;
}

/** An error by OpenAI's names. */
export interface ErrorObject {
  /** One sentence that says what is wrong and what to do. */
  message: string;
  /** "invalid_request_error" when the request is at fault, "server_error" otherwise. */
  type: string;
  /** The parameter at fault: "temperature", "messages[2].content". */
  param: string | null;
  /** For programs: "invalid_type", "context_length_exceeded", "model_not_found" and so on. */
  code: string | null;
}

/** The body of a response that failed. */
export interface ErrorResponse {
  error: ErrorObject;
}

/** What a stream brings beside its chunks. */
export interface StreamOptions {
  /** Send a last chunk without choices that has `usage`; on the other chunks it is null then. */
  include_usage?: boolean | undefined;
}

/** Parameters that both endpoints take. `null` is as good as leaving one out. */
export interface SharedParams {
  /** The loaded model's name, or nothing: another name is the error `model_not_found`. */
  model?: string | null | undefined;
  /** 0, always the likeliest token, to 2. Default 1. */
  temperature?: number | null | undefined;
  /** Choose among the likeliest tokens that together have this probability, above 0, up to 1. Default 1. */
  top_p?: number | null | undefined;
  /** Choose among so many of the likeliest tokens; 0, the default, is all. Not in OpenAI's API. */
  top_k?: number | null | undefined;
  /** Choose among tokens at least this many times as likely as the likeliest, 0 to 1. Not in OpenAI's API. */
  min_p?: number | null | undefined;
  /** Above 1, tokens that have occurred become less likely: above 0, up to 100. Not in OpenAI's API. */
  repetition_penalty?: number | null | undefined;
  /** Taken off a token's logit for each time that it has occurred, -2 to 2. */
  frequency_penalty?: number | null | undefined;
  /** Taken off a token's logit if it has occurred, -2 to 2. */
  presence_penalty?: number | null | undefined;
  /** Added to the logits of these token ids, -100 to 100. */
  logit_bias?: Record<string, number> | null | undefined;
  /**
   * Up to four strings that end an answer; neither they nor a part of them are in it. In the reasoning they are not
   * looked for.
   */
  stop?: string | readonly string[] | null | undefined;
  /** The same seed gives the same text. Choice `index` of several has the seed `seed + index`. */
  seed?: number | null | undefined;
  /** How many answers to give, 1 to 128, one after the other. Default 1. */
  n?: number | null | undefined;
  /** Only with `stream: true`. */
  stream_options?: StreamOptions | null | undefined;
  /** Aborting it gives the answer up. */
  signal?: AbortSignal | undefined;
  /** Of no consequence here, as are the following: taken, so that code that gives them works. */
  user?: string | null | undefined;
  store?: boolean | null | undefined;
  metadata?: Record<string, string> | null | undefined;
  service_tier?: string | null | undefined;
  safety_identifier?: string | null | undefined;
  prompt_cache_key?: string | null | undefined;
}
