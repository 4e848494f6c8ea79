/** `window.bench`, by which the page is measured beside other engines: raw completion, greedy, nothing reused. */

import { Motet } from "../motet.js";

export interface BenchJob {
  modelUrl: string;
  prompt: string;
  maxTokens: number;
  /** `subgroups: false` and `f16: false` measure the variants without them. */
  opts?: { subgroups?: boolean; f16?: boolean };
}

export interface BenchResult {
  loadMs: number;
  promptTokens: number;
  /** From the call to the first token, tokenizing included. */
  prefillMs: number;
  /** Tokens after the first. */
  decodeTokens: number;
  decodeMs: number;
  text: string;
  extra: unknown;
}

let loading: { motet: Promise<Motet>; loadMs: Promise<number> } | undefined;

/** The first call loads the model; it is kept, and every call tells that load's time. */
export async function bench({ modelUrl, prompt, maxTokens, opts }: BenchJob): Promise<BenchResult> {
  if (!loading) {
    const start = performance.now();
    const motet = Motet.load(modelUrl, opts);
    loading = { motet, loadMs: motet.then(() => performance.now() - start) };
  }
  const [motet, loadMs] = await Promise.all([loading.motet, loading.loadMs]);
  let text = "";
  for await (const token of motet.run({ text: prompt }, { temperature: 0, maxTokens, ignoreEnd: true, reuse: false })) {
    text += token.text;
    if (token.finish) {
      const { promptTokens, firstTokenMs, tokens, decodeMs } = token.finish;
      const extra = { adapter: motet.adapter, ...(await motet.stats()) };
      return { loadMs, promptTokens, prefillMs: firstTokenMs, decodeTokens: tokens - 1, decodeMs, text, extra };
    }
  }
  throw new Error("The generation ended without saying how it went.");
}
