/** What `<motet-chat>` tells the page. Every event bubbles and leaves the shadow tree. */

import type { Motet, Progress } from "../motet.js";
import type { ChatMessage } from "./talk/message.js";

/** `idle`: no model yet; `failed`: loading failed or the engine is gone, and the element says so. */
export type ChatState = "idle" | "loading" | "ready" | "answering" | "failed";

export interface ChatEvents {
  /** The element's state changed. */
  "motet-state": { state: ChatState };
  /** Loading went on. */
  "motet-progress": Progress;
  /** A model is loaded. */
  "motet-load": { motet: Motet };
  /** A message is complete: a question that was sent, or an answer that ended. */
  "motet-message": { message: ChatMessage };
  /** A piece of the answer arrived. */
  "motet-token": { content: string; reasoning: string };
  /** The conversation is another than before: asked, answered, edited, undone, cleared. */
  "motet-change": { messages: ChatMessage[] };
  /** Loading or answering failed; the message of `error` is a sentence for people. */
  "motet-error": { error: Error; during: "load" | "answer" };
}

export function emit<Name extends keyof ChatEvents>(from: EventTarget, name: Name, detail: ChatEvents[Name]): void {
  from.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
}

/** The sentence in whatever was thrown. */
export function sentence(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
