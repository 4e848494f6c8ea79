/** Models that the page offers: small ones first, and mixtures of experts among them. */

import { DEFAULT_MODEL } from "../query.js";

export interface Offer {
  /** What `Motet.load` is given. */
  source: string;
  name: string;
  /** The file's length, roughly. */
  bytes: number;
  /** A few words about it. */
  about: string;
}

export const offers: readonly Offer[] = [
  { source: DEFAULT_MODEL, name: "SmolLM2 135M", bytes: 98_362_432, about: "Small and quick, in English" },
  {
    source: "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF/smollm2-360m-instruct-q8_0.gguf",
    name: "SmolLM2 360M",
    bytes: 386_000_000,
    about: "Its bigger sister",
  },
  {
    source: "Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf",
    name: "Qwen3 0.6B",
    bytes: 639_446_688,
    about: "Thinks before it answers, in many languages",
  },
  {
    source: "bartowski/granite-3.1-1b-a400m-instruct-GGUF/granite-3.1-1b-a400m-instruct-Q4_K_M.gguf",
    name: "Granite 3.1 1B-A400M",
    bytes: 821_847_360,
    about: "A mixture of 32 experts, 8 at a time",
  },
  {
    source: "allenai/OLMoE-1B-7B-0924-Instruct-GGUF/olmoe-1b-7b-0924-instruct-q4_k_m.gguf",
    name: "OLMoE 1B-7B",
    bytes: 4_200_000_000,
    about: "A mixture of 64 experts, 8 at a time",
  },
];
