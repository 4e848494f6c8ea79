/** Where conversations are kept: IndexedDB, heads and texts apart, so that the list does not read every word. */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { ChatMessage } from "../../element/index.js";
import { type Conversation, type Head, headOf } from "./conversation.js";

interface Schema extends DBSchema {
  heads: { key: string; value: Head; indexes: { updated: number } };
  texts: { key: string; value: { id: string; messages: ChatMessage[] } };
}

/** Other tabs of the page, which have the same list. */
const tabs = new BroadcastChannel("motet-conversations");

/** Calls back when another tab has written or removed a conversation. */
export function listen(changed: () => void): void {
  tabs.addEventListener("message", changed);
}

let opened: Promise<IDBPDatabase<Schema>> | undefined;

function database(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>("motet", 1, {
    upgrade(db) {
      db.createObjectStore("heads", { keyPath: "id" }).createIndex("updated", "updated");
      db.createObjectStore("texts", { keyPath: "id" });
    },
    // Another tab has a newer page and waits for this one to let go.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
  return opened;
}

/** All heads, the newest first. */
export async function heads(): Promise<Head[]> {
  return (await (await database()).getAllFromIndex("heads", "updated")).reverse();
}

export async function read(id: string): Promise<Conversation | undefined> {
  const db = await database();
  const [head, text] = await Promise.all([db.get("heads", id), db.get("texts", id)]);
  return head && { ...head, messages: text?.messages ?? [] };
}

export async function readAll(): Promise<Conversation[]> {
  const db = await database();
  const texts = new Map((await db.getAll("texts")).map(({ id, messages }) => [id, messages]));
  return (await heads()).map((head) => ({ ...head, messages: texts.get(head.id) ?? [] }));
}

export async function write(conversation: Conversation): Promise<void> {
  const { id, messages } = conversation;
  const work = (await database()).transaction(["heads", "texts"], "readwrite");
  await Promise.all([
    work.objectStore("heads").put(headOf(conversation)),
    work.objectStore("texts").put({ id, messages }),
    work.done,
  ]);
  tabs.postMessage("changed");
}

export async function remove(id: string): Promise<void> {
  const work = (await database()).transaction(["heads", "texts"], "readwrite");
  await Promise.all([work.objectStore("heads").delete(id), work.objectStore("texts").delete(id), work.done]);
  tabs.postMessage("changed");
}

/** The conversations that have every one of `words` in title or text, each with a line around the first of them. */
export async function search(words: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
  const db = await database();
  const titles = new Map((await heads()).map(({ id, title }) => [id, title]));
  const found = new Map<string, string>();
  let cursor = await db.transaction("texts").store.openCursor();
  while (cursor && !signal.aborted) {
    const { id, messages } = cursor.value;
    const text = messages.map(({ content }) => content).join("\n");
    const all = `${titles.get(id) ?? ""}\n${text}`.toLowerCase();
    if (words.every((word) => all.includes(word))) found.set(id, excerpt(text, words));
    cursor = await cursor.continue();
  }
  return found;
}

/** Characters of text before and after a word that was found. */
const AROUND = { before: 24, after: 60 };

/** The first place where one of `words` stands; empty when it is only in the title. */
function excerpt(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  const places = words.map((word) => lower.indexOf(word)).filter((place) => place >= 0);
  if (places.length === 0) return "";
  const place = Math.min(...places);
  const start = Math.max(0, place - AROUND.before);
  const end = Math.min(text.length, place + AROUND.after);
  const cut = text.slice(start, end).replace(/[*_`#>]/g, "").replace(/\s+/g, " ");
  return `${start > 0 ? "…" : ""}${cut}${end < text.length ? "…" : ""}`;
}
