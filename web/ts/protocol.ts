/** The words that the page and the engine's worker exchange, and the public types among them. */

import type { Report } from "./motet_web.js";

export type { Ceilings, Report, Row } from "./motet_web.js";

/** One message of a conversation. */
export interface Message {
  /** A role that the model's chat template knows: "system", "user" or "assistant". */
  role: string;
  content: string;
}

/** How the next token is chosen. What is absent does not restrict the choice. */
export interface Sampling {
  /** 0, the default, always takes the likeliest token; higher values flatten the distribution. */
  temperature?: number;
  /** Choose among the k likeliest tokens. */
  topK?: number;
  /** Choose among the likeliest tokens that together have this probability, in (0, 1]. */
  topP?: number;
  /** Choose among tokens at least this many times as likely as the likeliest, in [0, 1]. */
  minP?: number;
  /** Above 1, tokens that have occurred become less likely. */
  repetitionPenalty?: number;
  /** A whole number in [0, 2^32): the same seed gives the same text. Drawn at random when absent. */
  seed?: number;
}

/** What one generation may do. */
export interface RunOptions extends Sampling {
  /** The most tokens to generate; when absent, until the model ends or the context is full. */
  maxTokens?: number;
  /** Go on after the model's end-of-text tokens, which measurements want. */
  ignoreEnd?: boolean;
  /** Compute only what differs from the text the model saw last. Default true; the text is the same either way. */
  reuse?: boolean;
}

/** What the engine asks of the browser; each feature is used where the adapter has it, unless this says false. */
export interface EngineOptions {
  subgroups?: boolean;
  f16?: boolean;
  /** Tokens that fit into one conversation; at most, and by default, what the engine takes for this model. */
  contextLength?: number;
  /** How keys and values are cached. Default "f32"; "f16" takes half of its memory, "q8" a bit more than a quarter. */
  kv?: "f32" | "f16" | "q8" | undefined;
  /** What matrices of floats are quantized to as they are loaded; others stay as the file has them. */
  quantize?: "q8_0" | "q4_0" | undefined;
}

/** Loading goes through the header, the weights (`done` and `total` in bytes) and the shaders (in pipelines). */
export interface Progress {
  phase: "header" | "weights" | "shaders";
  done: number;
  total: number;
}

/** The model that was loaded. */
export interface ModelInfo {
  name: string;
  architecture: string;
  parameters: number;
  /** Those that a token goes through: of a mixture, not all. */
  activeParameters: number;
  weightBytes: number;
  /** Tokens that fit into one conversation. */
  contextLength: number;
  vocabulary: number;
}

/** The GPU it was loaded to. */
export interface AdapterInfo {
  adapter: string;
  backend: string;
  subgroups: boolean;
  f16: boolean;
  /** The "GPU" is a program on the CPU, and slow. */
  software: boolean;
}

/** What the engine holds at this moment. */
export interface Stats {
  /** The linear memory of the wasm module; weights are on the GPU and not in here. */
  wasmBytes: number;
  /** Tokens in the key/value cache. */
  cachedTokens: number;
}

/** What is to be measured. */
export interface Measuring {
  /** Tokens of prompts; those that the model was not trained for are left out. */
  prefill: number[];
  /** Tokens in the cache when steps are decoded. */
  decodeAt: number[];
}

/** Why a generation ended: the model said so, `maxTokens`, a full context, or the caller's signal. */
export type Reason = "end" | "length" | "context" | "aborted";

/** What to go on from: a conversation, raw text, or raw ids. */
export type Prompt = { messages: Message[] } | { text: string } | { ids: Uint32Array };

export type ToWorker =
  | { type: "load"; source: string | Blob; name: string; options: EngineOptions }
  | { type: "run"; request: number; prompt: Prompt; options: RunOptions }
  | { type: "stop"; request: number }
  | { type: "tokenize"; request: number; text: string }
  | { type: "stats"; request: number }
  | { type: "measure"; request: number; measuring: Measuring };

/** A reply to one request. "token" may come many times, "finished", "answer" and "failed" are the last. */
export type Reply =
  | { type: "started"; request: number; promptTokens: number }
  | { type: "token"; request: number; id: number; text: string }
  | { type: "finished"; request: number; text: string; reason: Reason }
  | { type: "answer"; request: number; value: Uint32Array | Stats | Report }
  | { type: "failed"; request: number; message: string };

export type FromWorker =
  | ({ type: "progress" } & Progress)
  | { type: "loaded"; model: ModelInfo; adapter: AdapterInfo }
  /** The engine cannot go on; the worker is of no more use. */
  | { type: "broken"; message: string }
  | Reply;
