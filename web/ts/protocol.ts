/** The words that the page and the engine's worker exchange, and the public types among them. */

import type { Report } from "./report.js";

export type { Ceilings, Report, Row } from "./report.js";

/** One message of a conversation. */
export interface Message {
  /** A role that the model's chat template knows: "system", "user", "assistant", perhaps "tool". */
  role: string;
  content: string;
}

/** What to go on from: a conversation, raw text, or raw ids. */
export type Prompt = { messages: Message[] } | { text: string } | { ids: Uint32Array };

/** What the text has to be: JSON by a schema, or what a regular expression matches as a whole. */
export type Constraint = { schema: unknown } | { regex: string };

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
  /** Above 1, tokens of the context become less likely. */
  repetitionPenalty?: number;
  /** Taken from a token's logit for each time that it was generated. */
  frequencyPenalty?: number;
  /** Taken from the logits of tokens that were generated. */
  presencePenalty?: number;
  /** A whole number in [0, 2^32): the same seed gives the same text. Drawn at random when absent. */
  seed?: number;
  /** Added to the logits of these ids. */
  logitBias?: Record<number, number>;
}

/** What one run may do. */
export interface RunOptions extends Sampling {
  /** The most tokens to generate; when absent, until the model ends or the context is full. */
  maxTokens?: number;
  /** Go on after the model's end-of-text tokens, which measurements want. */
  ignoreEnd?: boolean;
  /** Compute only what differs from what a live session has seen. Default true; the text is the same either way. */
  reuse?: boolean;
  /** Log-probabilities of what is chosen, and of so many of the likeliest beside it. */
  logprobs?: number;
  constraint?: Constraint;
}

/** How a model is loaded, and what the engine asks of the browser; features are used where the adapter has them. */
export interface EngineOptions {
  subgroups?: boolean;
  f16?: boolean;
  /** Tokens that fit into one conversation; at most, and by default, what the engine takes for this model. */
  contextLength?: number;
  /** How keys and values are cached. Default "f32"; "f16" takes half of its memory, "q8" a bit more than a quarter. */
  kv?: "f32" | "f16" | "q8" | undefined;
  /** What matrices of floats are quantized to as they are loaded; others stay as the file has them. */
  quantize?: "q8_0" | "q4_0" | undefined;
  /**
   * When to measure which kernels this GPU is fastest with. Default "auto": once for a GPU, some two seconds, and not on one
   * that is a program on the CPU; "on" measures now, "off" takes those for its kind.
   */
  tune?: "auto" | "on" | "off";
  /** Whether to keep the weights on this device for the next time. Default true; a `Blob` is never copied. */
  store?: boolean;
}

/** Loading goes through the header, the weights (`done` and `total` in bytes) and the shaders (in pipelines). */
export interface Progress {
  phase: "header" | "weights" | "shaders";
  done: number;
  total: number;
  /** Seconds that the phase will take on, once that can be told. */
  secondsLeft?: number;
  /** Bytes of `done` that came from the store. */
  fromStore?: number;
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
  layers: number;
  /** Experts of a layer, and those of them that a token uses; 0 of a dense model. */
  experts: number;
  expertsUsed: number;
}

/** What kind of GPU kernels are shaped for: where weights lie, and how the lanes of a product share activations. */
export interface Kernels {
  weights: "buffers" | "textures" | "sampled";
  share: "workgroup" | "four" | "eight" | "own";
}

/** The GPU it was loaded to. */
export interface AdapterInfo {
  adapter: string;
  backend: string;
  subgroups: boolean;
  f16: boolean;
  /** The "GPU" is a program on the CPU, and slow. */
  software: boolean;
  kernels: Kernels;
}

/** A model by its header alone. */
export interface Header {
  name: string;
  architecture: string;
  parameters: number;
  activeParameters: number;
  /** Bytes of GPU memory for weights, and for the cache of a conversation of `contextLength` tokens. */
  weightBytes: number;
  cacheBytes: number;
  contextLength: number;
  /** Tokens of a conversation that the model was trained for. */
  trainedContext: number;
}

/** What the engine holds at this moment. */
export interface Stats {
  /** The linear memory of the wasm module; weights are on the GPU and not in here. */
  wasmBytes: number;
  /** Tokens in the key/value caches of all sessions. */
  cachedTokens: number;
  sessions: number;
}

/** How often each expert was chosen since loading: `counts[layer * experts + expert]`. */
export interface ExpertUsage {
  layers: number;
  experts: number;
  counts: Uint32Array;
}

/** What is to be measured. */
export interface Measuring {
  /** Tokens of prompts; those that the model was not trained for are left out. */
  prefill: number[];
  /** Tokens in the cache when steps are decoded. */
  decodeAt: number[];
}

/** Messages as the model reads them. */
export interface Rendered {
  ids: Uint32Array;
  text: string;
}

/** What is known before anything is computed. */
export interface Started {
  promptTokens: number;
  /** The prompt ends inside of an open `<think>`. */
  thinking: boolean;
}

/** An id, the bytes it stands for, and the natural logarithm of its probability. */
export interface LikelyToken {
  id: number;
  bytes: Uint8Array;
  logprob: number;
}

export interface TokenLogprob extends LikelyToken {
  /** The likeliest tokens at this place, likeliest first. */
  top: LikelyToken[];
}

/** Why a run ended: the model said so, `maxTokens`, a full context, or the caller's signal. */
export type EndReason = "end" | "length" | "context" | "aborted";

/** A failure as it crosses from the worker; `MotetError` on the page. */
export interface Failure extends ErrorDetails {
  message: string;
}

/** What an error says beside its sentence, by OpenAI's names. */
export interface ErrorDetails {
  type: string;
  code?: string | null;
  param?: string | null;
  /** The HTTP status that a server would give. */
  status: number;
}

/** A prompt whose last ids were generated by an engine that is gone: `answered` of them. */
export interface Run {
  prompt: Prompt;
  options: RunOptions;
  answered: number;
  /** A session of the caller's own; absent, whichever has the longest common prefix. */
  session: number | undefined;
}

export type ToWorker =
  | { type: "load"; source: string | Blob; name: string; options: EngineOptions }
  | { type: "inspect"; source: string | Blob; name: string; options: EngineOptions }
  | ({ type: "run"; request: number } & Run)
  | { type: "stop"; request: number }
  | { type: "tokenize"; request: number; text: string }
  | { type: "detokenize"; request: number; ids: Uint32Array }
  | { type: "render"; request: number; messages: Message[] }
  | { type: "fork"; request: number; session: number; as: number }
  | { type: "logits"; request: number; session: number }
  | { type: "end"; session: number }
  | { type: "experts"; request: number }
  | { type: "stats"; request: number }
  | { type: "measure"; request: number; measuring: Measuring };

export type Answer = Uint32Array | Float32Array | string | Rendered | Stats | Report | ExpertUsage | undefined;

/** A reply to one request. "token" may come many times, "finished", "answer" and "failed" are the last. */
export type Reply =
  | { type: "started"; request: number; ids: Uint32Array; thinking: boolean }
  | { type: "token"; request: number; id: number; text: string; logprob?: TokenLogprob }
  | { type: "finished"; request: number; text: string; reason: EndReason; cachedTokens: number }
  | { type: "answer"; request: number; value: Answer }
  | { type: "failed"; request: number; failure: Failure };

export type FromWorker =
  | ({ type: "progress" } & Progress)
  | { type: "notice"; sentence: string }
  | { type: "loaded"; model: ModelInfo; adapter: AdapterInfo }
  | { type: "header"; header: Header }
  /** The engine cannot go on, and the worker is of no more use; another one could be, if the failure is `passing`. */
  | { type: "broken"; failure: Failure; passing: boolean }
  | Reply;
