/**
 * What `motet_web.js`, the module that wasm-bindgen makes of `web/src`, exports. Written by hand, so that the
 * TypeScript half can be checked before the Rust half is built.
 */

/** Loads and starts the wasm module that lies beside the script. */
export default function init(): Promise<{ readonly memory: WebAssembly.Memory }>;

/** A prompt (`cached` is 0) or a decode step (`tokens` is 1). */
export interface Row {
  tokens: number;
  cached: number;
  ms: number;
  tokens_per_s: number;
  bytes: number;
  flop: number;
  gb_per_s: number;
  gflop_per_s: number;
  dispatches: number;
  submits: number;
  readbacks: number;
  bind_groups: number;
  floor_ms: number;
  ratio: number;
}

/** What an adapter can do at best: as of `motet bench --json`. */
export interface Ceilings {
  storage_gb_per_s: number;
  texture_gb_per_s: number;
  f32_gflop_per_s: number;
  f16_gflop_per_s: number | null;
  dot8_gop_per_s: number | null;
  dispatch_us: number;
  submit_ms: number;
}

/** What `motet bench --json` prints. */
export interface Report {
  adapter: { name: string; backend: string; driver: string; software: boolean };
  tier: { subgroups: boolean; f16: boolean };
  model: { name: string; architecture: string; layers: number; weight_bytes: number; active_bytes: number; context: number };
  cache: "f32" | "f16" | "q8";
  ceilings: Ceilings;
  prefill: Row[];
  decode: Row[];
}

/** A GPU device and its kernels. */
export class Engine {
  static create(options: { subgroups?: boolean; f16?: boolean }): Promise<Engine>;
  info(): { adapter: string; backend: string; subgroups: boolean; f16: boolean; software: boolean };
  load(
    source: string | Blob,
    name: string,
    onProgress: (phase: "header" | "weights" | "shaders", done: number, total: number) => void,
    options: { kv?: "f32" | "f16" | "q8" | undefined; quantize?: "q8_0" | "q4_0" | undefined },
  ): Promise<Model>;
  /** What the adapter can do at best. */
  ceilings(): Promise<Ceilings>;
  /** Set once the device was lost or raised an error that no call answers for. */
  failure(): string | undefined;
}

/** A model whose weights are on the GPU. */
export class Model {
  info(): {
    name: string;
    architecture: string;
    parameters: number;
    activeParameters: number;
    weightBytes: number;
    contextLength: number;
    vocabulary: number;
  };
  /** Plain text: no special token is parsed. */
  tokenize(text: string): Uint32Array;
  /** The chat template, with the generation prompt. */
  render(messages: { role: string; content: string }[]): Uint32Array;
  /** Prompts of so many tokens, and decode steps at such cache lengths. */
  bench(measuring: { ceilings: Ceilings; prefill: number[]; decodeAt: number[] }): Promise<Report>;
  decoder(): Decoder;
  isEnd(id: number): boolean;
  session(contextLength?: number): Promise<Session>;
}

/** Ids to text, never half a character. */
export class Decoder {
  push(id: number): string;
  finish(): string;
  free(): void;
}

/** The tokens of one sequence and their key/value cache. */
export class Session {
  readonly length: number;
  readonly contextLength: number;
  /** Submits the prefill and the first sample. */
  prompt(
    ids: Uint32Array,
    sampling: {
      temperature?: number;
      topK?: number;
      topP?: number;
      minP?: number;
      repetitionPenalty?: number;
      seed?: number;
    },
    reuse: boolean,
  ): void;
  /** Submits one more decode step. */
  step(): void;
  /** Awaits the oldest id that was submitted. */
  next(): Promise<number>;
  inFlight(): number;
  /** Drops what was decoded past the last id taken. */
  stop(): void;
}
