/** The list of conversations beside the chat, and what can be done with each. */

import { html, nothing, render, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { element } from "../dom.js";
import { closeDrawer } from "../drawer.js";
import { toast } from "../toast.js";
import { attempt } from "./attempt.js";
import type { Head } from "./conversation.js";
import type { Current } from "./current.js";
import * as database from "./database.js";
import { asJson, asMarkdown, download, fileName } from "./exporting.js";
import { periodOf } from "./periods.js";

const place = element("conversations", HTMLElement);
const field = element("search", HTMLInputElement);
const menu = element("menu", HTMLElement);

export class List {
  #current: Current | undefined;
  #heads: Head[] = [];
  /** What was found, with a line of its text; absent while nothing is sought. */
  #found: Map<string, string> | undefined;
  #search: AbortController | undefined;
  /** The conversation whose title is being changed. */
  #renaming: string | undefined;
  /** The conversation whose menu is open. */
  #chosen: Head | undefined;

  constructor() {
    field.addEventListener("input", () => void this.#seek());
    menu.addEventListener("click", (event) => this.#act((event.target as HTMLElement).dataset["act"]));
  }

  set current(current: Current) {
    this.#current = current;
  }

  /** Reads the list anew, and draws it. */
  async refresh(): Promise<void> {
    this.#heads = (await attempt(database.heads)) ?? [];
    if (field.value.trim()) await this.#seek();
    this.#draw();
  }

  async #seek(): Promise<void> {
    this.#search?.abort();
    const search = new AbortController();
    this.#search = search;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length > 0 ? await attempt(() => database.search(words, search.signal)) : undefined;
    if (search.signal.aborted) return;
    this.#found = found;
    this.#draw();
  }

  #draw(): void {
    const shown = this.#heads.filter(({ id }) => !this.#found || this.#found.has(id));
    const periods = new Map<string, Head[]>();
    for (const head of shown) {
      const period = periodOf(head.updated);
      periods.set(period, [...(periods.get(period) ?? []), head]);
    }
    render(
      html`
        ${shown.length === 0 ? html`<p class="none">${this.#found ? "Nothing found." : "Conversations are kept here, on this device."}</p>` : nothing}
        ${repeat(periods, ([period]) => period, ([period, heads]) => this.#section(period, heads))}
      `,
      place,
    );
  }

  #section(period: string, heads: readonly Head[]): TemplateResult {
    return html`
      <h2>${period}</h2>
      <ul>
        ${repeat(heads, ({ id }) => id, (head) => this.#item(head))}
      </ul>
    `;
  }

  #item(head: Head): TemplateResult {
    if (head.id === this.#renaming) return this.#renamer(head);
    const line = this.#found?.get(head.id);
    const isOpen = head.id === this.#current?.id;
    return html`
      <li class=${isOpen ? "open" : ""}>
        <a href="#/${head.id}" aria-current=${isOpen ? "page" : nothing} title=${head.title} @click=${closeDrawer}>
          <span>${head.title}</span>
          ${line ? html`<small>${line}</small>` : nothing}
        </a>
        <button
          type="button"
          class="quiet icon bare"
          aria-label=${`More for “${head.title}”`}
          @click=${(event: Event) => this.#openMenu(head, event.currentTarget as HTMLElement)}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 12h.01M12 12h.01M18 12h.01" /></svg>
        </button>
      </li>
    `;
  }

  #renamer(head: Head): TemplateResult {
    const typed = (event: Event): string => (event.currentTarget as HTMLInputElement).value.trim();
    const keys = (event: KeyboardEvent): void => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.stopPropagation();
      this.#endRename(head, event.key === "Enter" ? typed(event) : "");
      place.querySelector<HTMLElement>(`a[href="#/${head.id}"]`)?.focus();
    };
    return html`
      <li class="open">
        <input
          id="rename"
          type="text"
          maxlength="200"
          aria-label="Title"
          .value=${head.title}
          @keydown=${keys}
          @blur=${(event: Event) => this.#endRename(head, typed(event))}
        />
      </li>
    `;
  }

  #openMenu(head: Head, button: HTMLElement): void {
    this.#chosen = head;
    menu.showPopover();
    const { left, bottom, top } = button.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = menu;
    menu.style.left = `${Math.max(8, Math.min(left, innerWidth - offsetWidth - 8))}px`;
    menu.style.top = `${bottom + offsetHeight + 8 > innerHeight ? top - offsetHeight - 4 : bottom + 4}px`;
    menu.querySelector("button")?.focus();
  }

  #act(act: string | undefined): void {
    const head = this.#chosen;
    if (!act || !head) return;
    menu.hidePopover();
    if (act === "rename") this.#rename(head);
    if (act === "delete") {
      // The button that had the focus goes with its line.
      place.focus();
      void this.#current?.remove(head);
    }
    if (act === "json" || act === "markdown") void this.#export(head, act);
  }

  #rename({ id }: Head): void {
    this.#renaming = id;
    this.#draw();
    const input = place.querySelector<HTMLInputElement>("#rename");
    input?.focus();
    input?.select();
  }

  /** An empty title leaves the old one. */
  #endRename(head: Head, title: string): void {
    if (this.#renaming !== head.id) return;
    this.#renaming = undefined;
    if (title && title !== head.title) {
      head.title = title;
      void this.#current?.rename(head, title);
    }
    this.#draw();
  }

  async #export({ id, title }: Head, as: "json" | "markdown"): Promise<void> {
    await this.#current?.flush();
    const conversation = await attempt(() => database.read(id));
    if (!conversation) return toast("That conversation is not on this device any more.");
    if (as === "json") download(fileName(title, "json"), asJson([conversation]), "application/json");
    else download(fileName(title, "md"), asMarkdown(conversation), "text/markdown");
  }
}
