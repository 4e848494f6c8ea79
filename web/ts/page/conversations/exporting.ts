/** Conversations as files: JSON, which can be read back, and Markdown, for people. */

import type { Conversation } from "./conversation.js";

/** What the file says it is. */
export const FORMAT = "motet-conversations";
export const VERSION = 1;

export function asJson(conversations: readonly Conversation[]): string {
  return JSON.stringify({ format: FORMAT, version: VERSION, conversations }, undefined, 2);
}

export function asMarkdown({ title, messages, updated }: Conversation): string {
  const turns = messages.map(({ role, content, reasoning_content: reasoning, model }) => {
    const speaker = role === "user" ? "You" : role === "system" ? "System" : (model ?? "Model");
    const thoughts = reasoning ? `${quoted(reasoning)}\n\n` : "";
    return `**${speaker}**\n\n${thoughts}${content}`;
  });
  return `# ${title}\n\n${new Date(updated).toISOString().slice(0, 10)}\n\n${turns.join("\n\n")}\n`;
}

function quoted(text: string): string {
  return text.replace(/^/gm, "> ");
}

/** Has the browser save `text`. */
export function download(name: string, text: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // The browser reads the file after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A title as the name of a file. */
export function fileName(title: string, ending: string): string {
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `${name || "conversation"}.${ending}`;
}
