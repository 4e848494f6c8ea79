/** What `motet_grammar.js`, the module that wasm-bindgen makes of `grammar/`, exports; by hand, as `motet_web.d.ts` is. */

/** Loads and starts the wasm module that lies beside the script. */
export default function init(): Promise<unknown>;

/** A model's vocabulary, as grammars need it. */
export class Vocabulary {
  constructor(bytes: Uint8Array, lengths: Uint32Array, ends: Uint32Array);
  /** By a JSON schema, as JSON. */
  schema(schema: string): Grammar;
  regex(regex: string): Grammar;
}

/** A grammar and how far an answer has come in it. */
export class Grammar {
  /** The ids that may come next: bit `id % 32` of word `id / 32`. */
  mask(): Uint32Array;
  accept(id: number): void;
  /** Nothing can follow. */
  readonly complete: boolean;
  free(): void;
}
