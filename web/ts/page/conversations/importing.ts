/** Reading back what was exported. A file is strangers' data: what does not hold is refused, in one sentence. */

import type { ChatMessage } from "../../element/index.js";
import type { Conversation } from "./conversation.js";
import { titleOf } from "./conversation.js";
import { FORMAT, VERSION } from "./exporting.js";

/** Larger files hold something else. */
const MOST_BYTES = 64e6;

export async function conversationsOf(file: File): Promise<Conversation[]> {
  if (file.size > MOST_BYTES) throw new Error(`“${file.name}” is too large to be exported conversations: choose another file.`);
  return parsed(await file.text(), file.name);
}

function parsed(text: string, name: string): Conversation[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`“${name}” is no JSON: choose a file that was saved by “Export”.`);
  }
  if (!isObject(value) || value["format"] !== FORMAT || !Array.isArray(value["conversations"])) {
    throw new Error(`“${name}” holds no exported conversations: choose a file that was saved by “Export”.`);
  }
  if (value["version"] !== VERSION) {
    throw new Error(`“${name}” was saved by another version of this page: update the page, and import it again.`);
  }
  return value["conversations"].map((entry: unknown, index) => {
    const conversation = conversationOf(entry);
    if (conversation) return conversation;
    throw new Error(`Conversation ${index + 1} in “${name}” is damaged: nothing was imported.`);
  });
}

function conversationOf(value: unknown): Conversation | undefined {
  if (!isObject(value) || !Array.isArray(value["messages"])) return undefined;
  const { id, title, named, created, updated, model } = value;
  const messages = value["messages"].map(messageOf);
  if (!messages.every((message) => message !== undefined)) return undefined;
  if (typeof id !== "string" || !/^[\w-]{8,64}$/.test(id) || !isTime(created) || !isTime(updated)) return undefined;
  return {
    id,
    title: typeof title === "string" && title ? title.slice(0, 200) : titleOf(messages),
    named: named === true,
    created,
    updated,
    model: typeof model === "string" ? model : "",
    messages,
  };
}

function messageOf(value: unknown): ChatMessage | undefined {
  if (!isObject(value)) return undefined;
  const { role, content, reasoning_content: reasoning, model, figures } = value;
  if (role !== "system" && role !== "user" && role !== "assistant") return undefined;
  if (typeof content !== "string") return undefined;
  return {
    role,
    content,
    ...(typeof reasoning === "string" && { reasoning_content: reasoning }),
    ...(typeof model === "string" && { model }),
    ...(isFigures(figures) && { figures }),
  };
}

function isFigures(value: unknown): value is NonNullable<ChatMessage["figures"]> {
  if (!isObject(value)) return false;
  const numbers = ["tokens", "firstTokenMs", "decodeMs"].every((name) => isNumber(value[name]));
  const optional = ["thoughtMs", "memory"].every((name) => value[name] === undefined || isNumber(value[name]));
  return numbers && optional && ["end", "length", "context", "stopped", "failed"].includes(String(value["ending"]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** Milliseconds since 1970 that a calendar has. */
function isTime(value: unknown): value is number {
  return isNumber(value) && value < 8.64e15;
}
