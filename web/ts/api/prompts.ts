/** The prompts of `completions`. */

import { refuse } from "./refusals.js";
import type { Prompt } from "./runner.js";
import { invalidType, isAbsent, missing, readInteger } from "./values.js";

/** A prompt of raw text or of raw ids. */
export type RawPrompt = Exclude<Prompt, { messages: unknown }>;

const ALL = "a string, an array of strings, an array of token ids, or an array of such arrays";
const EACH = "a string, a token id or an array of token ids";

/** One prompt or several: a text, texts, ids, or lists of ids below `vocabulary`. */
export function readPrompts(value: unknown, vocabulary: number): RawPrompt[] {
  if (isAbsent(value)) throw missing("prompt");
  if (typeof value === "string") return [{ text: value }];
  if (!Array.isArray(value)) throw invalidType("prompt", ALL, value);
  const items: unknown[] = value;
  const [first] = items;
  if (items.length === 0) throw empty("prompt");
  if (typeof first === "number") return [readIds(items, "prompt", vocabulary)];
  if (typeof first !== "string" && !Array.isArray(first)) throw invalidType("prompt[0]", EACH, first);
  return items.map((item, index) => {
    const param = `prompt[${index}]`;
    if (typeof first === "string") {
      if (typeof item !== "string") throw invalidType(param, "a string, as the first is", item);
      return { text: item };
    }
    if (!Array.isArray(item)) throw invalidType(param, "an array, as the first is", item);
    return readIds(item, param, vocabulary);
  });
}

function readIds(items: readonly unknown[], param: string, vocabulary: number): RawPrompt {
  if (items.length === 0) throw empty(param);
  const ids = items.map((item, index) => {
    const name = `${param}[${index}]`;
    const id = readInteger(item, name, { least: 0, greatest: vocabulary - 1 });
    if (id === undefined) throw invalidType(name, "an integer", item);
    return id;
  });
  return { ids: Uint32Array.from(ids) };
}

function empty(param: string): Error {
  return refuse(`Invalid '${param}': expected at least one entry.`, param, "empty_array");
}
