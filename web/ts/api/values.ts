/** Reading values of unknown kind, with errors that name the parameter: "messages[2].content". `null` is absent. */

import { refuse } from "./refusals.js";

/** Numbers that a parameter may be. */
export interface Range {
  least: number;
  greatest: number;
  /** `least` itself is too little. */
  above?: boolean;
}

type Kind = "number" | "integer";

/** Whether a parameter was left out. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** Another kind of value was expected. */
export function invalidType(param: string, expected: string, value: unknown): Error {
  return refuse(`Invalid type for '${param}': expected ${expected}, but got ${kindOf(value)}.`, param, "invalid_type");
}

/** One of few values was expected. */
export function invalidValue(param: string, value: unknown, allowed: readonly string[]): Error {
  const names = allowed.map((name) => `'${name}'`).join(", ");
  return refuse(`Invalid '${param}': expected one of ${names}, but got ${show(value)}.`, param, "invalid_value");
}

/** A parameter was left out that has no default. */
export function missing(param: string): Error {
  return refuse(`Missing required parameter: '${param}' has to be given.`, param, "missing_required_parameter");
}

/** A number in `range`. */
export function readNumber(value: unknown, param: string, range: Range): number | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "number" || Number.isNaN(value)) throw invalidType(param, "a number", value);
  return inRange(value, param, range, "number");
}

/** A whole number in `range`. */
export function readInteger(value: unknown, param: string, range: Range): number | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw invalidType(param, "an integer", value);
  return inRange(value, param, range, "integer");
}

/** `true` or `false`, not what may pass for them. */
export function readBoolean(value: unknown, param: string): boolean | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "boolean") throw invalidType(param, "a boolean", value);
  return value;
}

/** A string that is not empty. */
export function readString(value: unknown, param: string): string | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string") throw invalidType(param, "a string", value);
  if (value === "") throw refuse(`Invalid '${param}': expected a string that is not empty.`, param, "empty_string");
  return value;
}

/** An object that is no array. */
export function readObject(value: unknown, param: string): Record<string, unknown> | undefined {
  if (isAbsent(value)) return undefined;
  if (!isObject(value)) throw invalidType(param, "an object", value);
  return value;
}

/** Whether it is an object, but no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inRange(value: number, param: string, { least, greatest, above }: Range, kind: Kind): number {
  const tooLittle = above ? value <= least : value < least;
  if (!tooLittle && value <= greatest) return value;
  const code = `${kind === "integer" ? "integer" : "decimal"}_${tooLittle ? "below_min" : "above_max"}_value`;
  const noun = kind === "integer" ? "an integer" : "a number";
  const from = greatest === Infinity ? "of at least" : above ? "above" : "from";
  const to = greatest === Infinity ? "" : above ? `, up to ${greatest}` : ` to ${greatest}`;
  const bounds = `${from} ${least}${to}`;
  throw refuse(`Invalid '${param}': expected ${noun} ${bounds}, but got ${value}.`, param, code);
}

function kindOf(value: unknown): string {
  if (isAbsent(value)) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  switch (typeof value) {
    case "object":
      return "an object";
    case "number":
      return `the number ${value}`;
    default:
      return `a ${typeof value}`;
  }
}

function show(value: unknown): string {
  return typeof value === "string" ? `'${value}'` : kindOf(value);
}
