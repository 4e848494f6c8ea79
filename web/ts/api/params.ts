/** The parameters of requests, read and validated. What is wrong with one is thrown as a `MotetError`. */

import { readFormat } from "./format.js";
import { readMessages } from "./messages.js";
import { checkNames, SHARED } from "./names.js";
import { type RawPrompt, readPrompts } from "./prompts.js";
import { modelNotFound, refuse } from "./refusals.js";
import type { Message, ModelInfo, RunOptions } from "./runner.js";
import {
  invalidType,
  invalidValue,
  isAbsent,
  isObject,
  readBoolean,
  readInteger,
  readNumber,
  readObject,
  readString,
} from "./values.js";

/** What both endpoints are asked for. */
export interface SharedRequest {
  n: number;
  stops: string[];
  includeUsage: boolean;
  signal: AbortSignal | undefined;
  /** For the first choice; the others have seeds of their own. */
  options: RunOptions;
}

/** What `chat.completions.create` is asked for. */
export interface ChatRequest extends SharedRequest {
  messages: Message[];
  /** Drop the oldest turns of a conversation that is too long. */
  truncate: boolean;
}

/** What `completions.create` is asked for. */
export interface CompletionRequest extends SharedRequest {
  prompts: RawPrompt[];
  echo: boolean;
}

const CHAT = [...SHARED, "messages", "max_completion_tokens", "top_logprobs", "response_format", "truncation"];
const COMPLETION = [...SHARED, "prompt", "echo", "best_of"];
const MOST_STOPS = 4;
const MOST_CHOICES = 128;
/** Of `completions`, as in OpenAI's API. */
const DEFAULT_MAX_TOKENS = 16;

/** The parameters of `chat.completions.create`. */
export function readChat(given: unknown, model: ModelInfo): ChatRequest {
  const params = readParams(given, CHAT);
  const truncation = params["truncation"] ?? "disabled";
  if (truncation !== "auto" && truncation !== "disabled") {
    throw invalidValue("truncation", truncation, ["auto", "disabled"]);
  }
  const shared = readShared(params, model);
  const options = present({
    ...shared.options,
    maxTokens: readMaxTokens(params),
    logprobs: readChatLogprobs(params),
    constraint: readFormat(params["response_format"]),
  });
  return { ...shared, options, messages: readMessages(params["messages"]), truncate: truncation === "auto" };
}

/** The parameters of `completions.create`. */
export function readCompletion(given: unknown, model: ModelInfo): CompletionRequest {
  const params = readParams(given, COMPLETION);
  const shared = readShared(params, model);
  const echo = readBoolean(params["echo"], "echo") ?? false;
  const logprobs = readInteger(params["logprobs"], "logprobs", { least: 0, greatest: 5 });
  if (echo && logprobs !== undefined) {
    const message = "'echo' does not go with 'logprobs', for Motet has none of a prompt: leave one of them out.";
    throw refuse(message, "echo", "invalid_parameter_combination");
  }
  const bestOf = readInteger(params["best_of"], "best_of", { least: 1, greatest: MOST_CHOICES }) ?? shared.n;
  if (bestOf !== shared.n) {
    const message = "Invalid 'best_of': Motet does not choose among answers, so leave it out and set 'n'.";
    throw refuse(message, "best_of", "unsupported_value");
  }
  const maxTokens = readLimit(params, "max_tokens") ?? DEFAULT_MAX_TOKENS;
  const options = present({ ...shared.options, maxTokens, logprobs });
  return { ...shared, options, prompts: readPrompts(params["prompt"], model.vocabulary), echo };
}

function readParams(given: unknown, names: readonly string[]): Record<string, unknown> {
  if (!isObject(given)) throw refuse("The parameters have to be an object.", null, "invalid_type");
  checkNames(given, names);
  return given;
}

function readShared(params: Record<string, unknown>, model: ModelInfo): SharedRequest {
  const asked = readString(params["model"], "model") ?? model.name;
  if (asked !== model.name) throw modelNotFound(asked, model.name);
  const penalty = { least: -2, greatest: 2 };
  const number = (name: string, least: number, greatest: number): number | undefined =>
    readNumber(params[name], name, { least, greatest });
  const topK = readInteger(params["top_k"], "top_k", { least: 0, greatest: Infinity });
  const options = present({
    temperature: number("temperature", 0, 2) ?? 1,
    topP: readNumber(params["top_p"], "top_p", { least: 0, greatest: 1, above: true }) ?? 1,
    topK: topK === 0 || (topK ?? 0) >= model.vocabulary ? undefined : topK,
    minP: number("min_p", 0, 1),
    repetitionPenalty: readNumber(params["repetition_penalty"], "repetition_penalty", {
      least: 0,
      greatest: 100,
      above: true,
    }),
    frequencyPenalty: readNumber(params["frequency_penalty"], "frequency_penalty", penalty),
    presencePenalty: readNumber(params["presence_penalty"], "presence_penalty", penalty),
    logitBias: readLogitBias(params["logit_bias"], model.vocabulary),
    seed: readSeed(params["seed"]),
  });
  return {
    n: readInteger(params["n"], "n", { least: 1, greatest: MOST_CHOICES }) ?? 1,
    stops: readStops(params["stop"]),
    includeUsage: readIncludeUsage(params),
    signal: readSignal(params["signal"]),
    options,
  };
}

function readStops(value: unknown): string[] {
  if (isAbsent(value)) return [];
  if (typeof value !== "string" && !Array.isArray(value)) {
    throw invalidType("stop", "a string or an array of strings", value);
  }
  const strings: unknown[] = Array.isArray(value) ? value : [value];
  if (strings.length > MOST_STOPS) {
    const message = `Invalid 'stop': expected at most ${MOST_STOPS} strings, but got ${strings.length}.`;
    throw refuse(message, "stop", "array_above_max_length");
  }
  return strings.map((string, index) => {
    const param = Array.isArray(value) ? `stop[${index}]` : "stop";
    const stop = readString(string, param);
    if (stop === undefined) throw invalidType(param, "a string", string);
    return stop;
  });
}

function readLogitBias(value: unknown, vocabulary: number): Record<number, number> | undefined {
  const biases = Object.entries(readObject(value, "logit_bias") ?? {});
  if (biases.length === 0) return undefined;
  return Object.fromEntries(
    biases.map(([id, bias]) => {
      const param = `logit_bias.${id}`;
      if (!/^\d+$/.test(id) || Number(id) >= vocabulary) {
        const message = `Invalid 'logit_bias': expected token ids from 0 to ${vocabulary - 1}, but got '${id}'.`;
        throw refuse(message, "logit_bias", "invalid_value");
      }
      const read = readNumber(bias, param, { least: -100, greatest: 100 });
      if (read === undefined) throw invalidType(param, "a number", bias);
      return [Number(id), read];
    }),
  );
}

/** OpenAI takes any integer; the engine's seeds have 32 bits. */
function readSeed(value: unknown): number | undefined {
  const most = Number.MAX_SAFE_INTEGER;
  const seed = readInteger(value, "seed", { least: -most, greatest: most });
  return seed === undefined ? undefined : seed >>> 0;
}

function readIncludeUsage(params: Record<string, unknown>): boolean {
  const stream = readBoolean(params["stream"], "stream") ?? false;
  const options = readObject(params["stream_options"], "stream_options");
  if (options && !stream) {
    const message = "'stream_options' goes with 'stream' only: leave it out, or set 'stream' to true.";
    throw refuse(message, "stream_options", "invalid_parameter_combination");
  }
  return readBoolean(options?.["include_usage"], "stream_options.include_usage") ?? false;
}

function readSignal(value: unknown): AbortSignal | undefined {
  if (isAbsent(value)) return undefined;
  if (!isSignal(value)) throw invalidType("signal", "an AbortSignal", value);
  return value;
}

/** By its shape: one of another frame is none of this frame's `AbortSignal`s. */
function isSignal(value: unknown): value is AbortSignal {
  return isObject(value) && "aborted" in value && "throwIfAborted" in value;
}

function readLimit(params: Record<string, unknown>, name: string): number | undefined {
  return readInteger(params[name], name, { least: 1, greatest: Infinity });
}

function readMaxTokens(params: Record<string, unknown>): number | undefined {
  const newer = readLimit(params, "max_completion_tokens");
  const older = readLimit(params, "max_tokens");
  if (newer !== undefined && older !== undefined) {
    const message = "'max_tokens' and 'max_completion_tokens' are the same: give one of them.";
    throw refuse(message, "max_tokens", "invalid_parameter_combination");
  }
  return newer ?? older;
}

/** How many log-probabilities to give beside that of the chosen token; `undefined` gives none at all. */
function readChatLogprobs(params: Record<string, unknown>): number | undefined {
  const logprobs = readBoolean(params["logprobs"], "logprobs") ?? false;
  const top = readInteger(params["top_logprobs"], "top_logprobs", { least: 0, greatest: 20 });
  if (top !== undefined && !logprobs) {
    const message = "'top_logprobs' goes with 'logprobs' only: leave it out, or set 'logprobs' to true.";
    throw refuse(message, "top_logprobs", "invalid_parameter_combination");
  }
  return logprobs ? (top ?? 0) : undefined;
}

/** Leaves out what is undefined. */
function present<Values extends object>(values: Values): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Values]?: Exclude<Values[Name], undefined> };
}
