/** The conversation that is open: what the chat shows, the address names, and the database keeps. */

import type { MotetChat } from "../../element/index.js";
import { toast } from "../toast.js";
import { attempt } from "./attempt.js";
import { begun, type Conversation, type Head, titleOf } from "./conversation.js";
import * as database from "./database.js";

/** Changes are written together after this pause, and an answer is written down this often while it grows. */
const PAUSE_MS = 300;
const GROWING_MS = 2_000;

const GONE = "That conversation is not on this device any more.";

export class Current {
  #conversation = begun();
  #pause: ReturnType<typeof setTimeout> | undefined;
  #growing: ReturnType<typeof setInterval> | undefined;

  /** `changed` is called when the list has to be drawn anew. */
  constructor(
    private readonly chat: MotetChat,
    private readonly changed: () => void,
  ) {
    chat.addEventListener("motet-change", () => this.#note());
    chat.addEventListener("motet-state", ({ detail: { state } }) => {
      clearInterval(this.#growing);
      // An answer that has ended is written at once: the page may be closed within the pause.
      void this.flush();
      if (state === "answering") this.#growing = setInterval(() => void this.flush(), GROWING_MS);
    });
    addEventListener("hashchange", () => void this.openAddressed());
    // The last chance to write; browsers give it when a page is put away.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.flush();
    });
  }

  get id(): string {
    return this.#conversation.id;
  }

  /** Opens the conversation that the address names, or a new one. */
  async openAddressed(): Promise<void> {
    const id = addressed();
    if (id === this.#address) return;
    await this.flush();
    const found = id ? await attempt(() => database.read(id)) : undefined;
    // The reader was quicker.
    if (id !== addressed()) return;
    if (id && !found) {
      toast(GONE);
      history.replaceState(undefined, "", location.pathname + location.search);
    }
    this.#show(found ?? begun());
  }

  /** Begins another one. */
  begin(): void {
    void this.flush();
    if (location.hash) history.pushState(undefined, "", location.pathname + location.search);
    this.#show(begun());
  }

  /** The reader has named a conversation. */
  async rename(head: Head, title: string): Promise<void> {
    if (head.id === this.id) Object.assign(this.#conversation, { title, named: true });
    await attempt(async () => {
      const conversation = await database.read(head.id);
      if (conversation) await database.write({ ...conversation, title, named: true });
    });
    this.changed();
  }

  /** Forgets a conversation; it can be had back for a moment. */
  async remove(head: Head): Promise<void> {
    if (head.id === this.id) await this.flush();
    const conversation = await attempt(() => database.read(head.id));
    await attempt(() => database.remove(head.id));
    const wasOpen = head.id === this.id;
    if (wasOpen) {
      history.replaceState(undefined, "", location.pathname + location.search);
      this.#show(begun());
    }
    this.changed();
    const undo = async (): Promise<void> => {
      if (!conversation) return;
      await attempt(() => database.write(conversation));
      if (wasOpen && this.#conversation.messages.length === 0) location.hash = `#/${conversation.id}`;
      this.changed();
    };
    toast(`“${head.title}” was deleted.`, { label: "Undo", act: () => void undo() });
  }

  /** Writes down what is not written yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    const conversation = this.#conversation;
    const messages = this.chat.messages;
    if (messages.length === 0 || JSON.stringify(messages) === JSON.stringify(conversation.messages)) return;
    const isNew = conversation.messages.length === 0;
    conversation.messages = messages;
    conversation.updated = Date.now();
    conversation.model = messages.findLast(({ model }) => model)?.model ?? conversation.model;
    if (!conversation.named) conversation.title = titleOf(messages);
    if (isNew) history.replaceState(undefined, "", `#/${conversation.id}`);
    document.title = `${conversation.title} · Motet`;
    await attempt(() => database.write(conversation));
    this.changed();
  }

  /** What the address should name: nothing before something was said. */
  get #address(): string {
    return this.#conversation.messages.length > 0 ? this.id : "";
  }

  #note(): void {
    this.#pause ??= setTimeout(() => void this.flush(), PAUSE_MS);
  }

  #show(conversation: Conversation): void {
    this.#conversation = conversation;
    this.chat.messages = conversation.messages;
    // As the chat has them: what was only looked at has not been changed.
    conversation.messages = this.chat.messages;
    document.title = conversation.title ? `${conversation.title} · Motet` : "Motet";
    this.changed();
  }
}

/** The conversation that the address names. */
function addressed(): string {
  return location.hash.replace(/^#\/?/, "");
}
