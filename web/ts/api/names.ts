/** Which parameters there are: those that are read, those that are of no consequence, and those that are refused. */

import { refuse, unsupported } from "./refusals.js";
import { isAbsent } from "./values.js";

/** Parameters that both endpoints read. */
export const SHARED: readonly string[] = [
  "model",
  "stream",
  "stream_options",
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "repetition_penalty",
  "frequency_penalty",
  "presence_penalty",
  "logit_bias",
  "logprobs",
  "max_tokens",
  "stop",
  "seed",
  "n",
  "signal",
];

/** They address OpenAI's servers, or are wishes that a model may also leave unheard. */
const IGNORED: readonly string[] = [
  "user",
  "store",
  "metadata",
  "service_tier",
  "parallel_tool_calls",
  "reasoning_effort",
  "verbosity",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
];

const TOOLS = "asks for tool calls, which Motet does not make: leave it out";
const FUNCTIONS = "asks for function calls, which Motet does not make: leave it out";
/** Without these an answer would not be what was asked for. */
const REFUSED: Record<string, string> = {
  tools: TOOLS,
  tool_choice: TOOLS,
  functions: FUNCTIONS,
  function_call: FUNCTIONS,
  audio: "asks for speech, and Motet writes text only: leave it out",
  modalities: "asks for more than text, and Motet writes text only: leave it out",
  prediction: "gives a predicted answer, of which Motet makes no use: leave it out",
  web_search_options: "asks for a search of the web, which Motet does not do: leave it out",
  moderation: "asks for moderation, which Motet does not do: leave it out",
  suffix: "gives what follows the text, and Motet goes on from a prompt only: leave it out",
};

/** Refuses what is not one of `names` and makes a difference. */
export function checkNames(params: Record<string, unknown>, names: readonly string[]): void {
  for (const [name, value] of Object.entries(params)) {
    if (isAbsent(value) || names.includes(name) || IGNORED.includes(name) || asksForNothing(name, value)) continue;
    const why = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
    if (why) throw unsupported(name, why);
    const message = `Unknown parameter: '${name}' is none of this endpoint's, so leave it out or see to its spelling.`;
    throw refuse(message, name, "unknown_parameter");
  }
}

/** A refused parameter whose value says that nothing is wanted of it. */
function asksForNothing(name: string, value: unknown): boolean {
  switch (name) {
    case "tools":
    case "functions":
      return Array.isArray(value) && value.length === 0;
    case "tool_choice":
    case "function_call":
      return value === "none" || value === "auto";
    case "modalities":
      return Array.isArray(value) && value.length === 1 && value[0] === "text";
    case "suffix":
      return value === "";
    default:
      return false;
  }
}
