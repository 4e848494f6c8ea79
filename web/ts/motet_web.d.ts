/**
 * What `motet_web.js`, the module that wasm-bindgen makes of `web/src`, exports. Written by hand, so that the
 * TypeScript half can be checked before the Rust half is built.
 */

import type { AdapterInfo, Header, Kernels, ModelInfo } from "./protocol.js";
import type { Ceilings, Report } from "./report.js";

/** Loads and starts the wasm module that lies beside the script. */
export default function init(): Promise<{ readonly memory: WebAssembly.Memory }>;

/** A file that the engine reads: exactly the bytes asked for, or an error whose message is a sentence. */
export interface Reader {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Opens a file by its address; undefined where there is none. */
export type Open = (address: string) => Promise<Reader | undefined>;

export interface Loading {
  kv?: "f32" | "f16" | "q8" | undefined;
  quantize?: "q8_0" | "q4_0" | undefined;
  contextLength?: number | undefined;
}

/** What loading would take, from the header alone. */
export function inspect(address: string, open: Open, options: Loading): Promise<Header>;

/** The fastest kernels, and what was tried, in milliseconds for a token's products and for those of a prompt's token. */
export interface Tuning {
  kernels: Kernels;
  tried: { kernels: Kernels; token_ms: number; prompt_ms: number }[];
}

/** A GPU device and its kernels. Errors that any of this throws have a `kind`: "model", "source", "request" or "device". */
export class Engine {
  static create(options: { subgroups?: boolean; f16?: boolean }): Promise<Engine>;
  info(): AdapterInfo;
  load(
    address: string,
    open: Open,
    onProgress: (phase: "header" | "weights" | "shaders", done: number, total: number) => void,
    options: Loading,
  ): Promise<Model>;
  /** What a tuning is kept under, as far as the engine can tell devices apart. */
  tuningKey(): string;
  /** Measures which kernels are fastest here. */
  tune(): Promise<Tuning>;
  /** The same device with kernels of another kind, for a model that is yet to be loaded. */
  withKernels(kernels: Kernels): Engine;
  /** What the adapter can do at best. */
  ceilings(): Promise<Ceilings>;
  /** Set once the device was lost or raised an error that no call answers for. */
  failure(): string | undefined;
}

/** A model whose weights are on the GPU. */
export class Model {
  info(): ModelInfo;
  /** Plain text: no special token is parsed. */
  tokenize(text: string): Uint32Array;
  /** Control tokens included. */
  detokenize(ids: Uint32Array): string;
  /** What a token adds to a text; empty outside of the vocabulary. */
  tokenBytes(id: number): Uint8Array;
  /** The bytes of all tokens, those of control tokens behind a 0xff, how many each has, and the ids that end an answer. */
  vocabulary(): { bytes: Uint8Array; lengths: Uint32Array; ends: Uint32Array };
  /** The chat template, with the generation prompt. */
  render(messages: { role: string; content: string }[]): { ids: Uint32Array; text: string };
  /** How often each expert of each layer was chosen, [L, E]. */
  experts(): Promise<Uint32Array>;
  /** Prompts of so many tokens, and decode steps at such cache lengths. */
  bench(measuring: { ceilings: Ceilings; prefill: number[]; decodeAt: number[] }): Promise<Report>;
  decoder(): Decoder;
  isEnd(id: number): boolean;
  session(): Promise<Session>;
}

/** Ids to text, never half a character. */
export class Decoder {
  push(id: number): string;
  finish(): string;
  free(): void;
}

export interface Sampling {
  temperature?: number;
  topK?: number;
  topP?: number;
  minP?: number;
  repetitionPenalty?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
}

/** The tokens of one sequence and their key/value cache. */
export class Session {
  readonly length: number;
  readonly contextLength: number;
  tokens(): Uint32Array;
  /** Tokens at the start of `ids` that a prompt with `reuse` would not compute again. */
  reusable(ids: Uint32Array): number;
  fork(): Promise<Session>;
  /** Submits the prefill and the choice of the next id; the last `answered` of `ids` were chosen after the prompt. */
  prompt(ids: Uint32Array, answered: number, sampling: Sampling, reuse: boolean): void;
  /** Submits one more decode step. */
  step(): void;
  /** Added to the logits of ids at every choice from now on; without ids, nothing. */
  setBias(ids: Uint32Array, numbers: Float32Array): void;
  /** Whether prompts and steps end before the choice, which `choose` makes. */
  hold(held: boolean): void;
  /** Submits the choice of a held step among the ids whose bits are set. */
  choose(mask: Uint32Array): void;
  /** Whether logits are read back with ids. */
  keepLogits(kept: boolean): void;
  /** What the last id was chosen from; empty if logits are not kept. */
  logits(): Float32Array;
  logprobs(id: number, top: number): { logprob: number; top: { id: number; logprob: number }[] };
  /** Awaits the oldest id that was submitted. */
  next(): Promise<number>;
  inFlight(): number;
  /** Drops what was decoded past the last id taken. */
  stop(): void;
  free(): void;
}
