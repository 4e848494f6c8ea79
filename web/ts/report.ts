/** What `motet bench --json` prints, and `Motet.measure` gives. */

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
