/** `response_format` to what the engine holds an answer to. */

import type { Constraint } from "./runner.js";
import { invalidValue, isAbsent, missing, readObject, readString } from "./values.js";

const KINDS = ["text", "json_object", "json_schema", "regex"];

/** `undefined` is any text. */
export function readFormat(value: unknown): Constraint | undefined {
  const format = readObject(value, "response_format");
  if (!format) return undefined;
  switch (format["type"]) {
    case "text":
      return undefined;
    case "json_object":
      return { schema: { type: "object" } };
    case "json_schema":
      return { schema: readSchema(format["json_schema"]) };
    case "regex":
      return { regex: required(readString(format["regex"], "response_format.regex"), "response_format.regex") };
    default:
      if (isAbsent(format["type"])) throw missing("response_format.type");
      throw invalidValue("response_format.type", format["type"], KINDS);
  }
}

function readSchema(value: unknown): Record<string, unknown> {
  const param = "response_format.json_schema";
  const named = required(readObject(value, param), param);
  required(readString(named["name"], `${param}.name`), `${param}.name`);
  return required(readObject(named["schema"], `${param}.schema`), `${param}.schema`);
}

function required<Value>(value: Value | undefined, param: string): Value {
  if (value === undefined) throw missing(param);
  return value;
}
