/** Messages of OpenAI's shape to those that a chat template takes. */

import { refuse, unsupported } from "./refusals.js";
import type { Message } from "./runner.js";
import { invalidType, invalidValue, isAbsent, isObject, missing } from "./values.js";

const ROLES = ["system", "developer", "user", "assistant", "tool"] as const;
const TOOL_CALLS = "holds tool calls, which Motet does not take: leave it out";
/** What an assistant's message may hold in OpenAI's API and cannot be put into a prompt. */
const REFUSED: Record<string, string> = {
  tool_calls: TOOL_CALLS,
  function_call: TOOL_CALLS,
  audio: "refers to audio, which Motet does not take: leave it out",
};

/** A conversation of at least one message. Parts of a message are joined as they are, and developers are the system. */
export function readMessages(value: unknown): Message[] {
  if (isAbsent(value)) throw missing("messages");
  if (!Array.isArray(value)) throw invalidType("messages", "an array of messages", value);
  if (value.length === 0) throw refuse("Invalid 'messages': expected at least one message.", "messages", "empty_array");
  return value.map((message: unknown, index) => readMessage(message, `messages[${index}]`));
}

function readMessage(message: unknown, param: string): Message {
  if (!isObject(message)) throw invalidType(param, "an object", message);
  if (isAbsent(message["role"])) throw missing(`${param}.role`);
  const role = ROLES.find((known) => known === message["role"]);
  if (!role) throw invalidValue(`${param}.role`, message["role"], ROLES);
  for (const [name, why] of Object.entries(REFUSED)) {
    const value = message[name];
    if (!isAbsent(value) && !(Array.isArray(value) && value.length === 0)) throw unsupported(`${param}.${name}`, why);
  }
  const content = readContent(message["content"], `${param}.content`, role === "assistant");
  return { role: role === "developer" ? "system" : role, content };
}

function readContent(content: unknown, param: string, optional: boolean): string {
  if (typeof content === "string") return content;
  if (isAbsent(content)) {
    if (optional) return "";
    throw missing(param);
  }
  if (!Array.isArray(content)) throw invalidType(param, "a string or an array of text parts", content);
  return content.map((part: unknown, index) => readPart(part, `${param}[${index}]`)).join("");
}

function readPart(part: unknown, param: string): string {
  if (!isObject(part)) throw invalidType(param, "an object", part);
  const { type, text } = part;
  if (isAbsent(type)) throw missing(`${param}.type`);
  if (typeof type !== "string") throw invalidType(`${param}.type`, "a string", type);
  if (type !== "text") {
    const message = `Invalid '${param}': Motet reads text only, so give a part of type 'text' instead of '${type}'.`;
    throw refuse(message, `${param}.type`, "unsupported_value");
  }
  if (isAbsent(text)) throw missing(`${param}.text`);
  if (typeof text !== "string") throw invalidType(`${param}.text`, "a string", text);
  return text;
}
