/** Conversations as they are kept. */

import type { ChatMessage } from "../../element/index.js";

/** What the list shows of one. */
export interface Head {
  id: string;
  title: string;
  /** The reader has given it its title. */
  named: boolean;
  /** Milliseconds since 1970. */
  created: number;
  updated: number;
  /** The model that answered last. */
  model: string;
}

export interface Conversation extends Head {
  messages: ChatMessage[];
}

const TITLE_LENGTH = 60;

/** A title out of the first question. */
export function titleOf(messages: readonly ChatMessage[]): string {
  const question = messages.find(({ role }) => role === "user")?.content ?? "";
  const line = question.trim().split("\n")[0]?.trim() ?? "";
  if (line.length <= TITLE_LENGTH) return line || "Untitled";
  const cut = line.slice(0, TITLE_LENGTH);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), 20))}…`;
}

/** An empty one. */
export function begun(): Conversation {
  const now = Date.now();
  return { id: crypto.randomUUID(), title: "", named: false, created: now, updated: now, model: "", messages: [] };
}

export function headOf({ id, title, named, created, updated, model }: Conversation): Head {
  return { id, title, named, created, updated, model };
}
