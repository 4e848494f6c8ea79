/** How much is kept on this device, and whether the browser may throw it away. */

import { html, nothing, render } from "lit";
import { roughly } from "../../bytes.js";
import { several } from "../../element/format.js";
import * as database from "../conversations/database.js";
import { element } from "../dom.js";
import { toast } from "../toast.js";
import type { Entry } from "./shelf.js";

const place = element("storage", HTMLElement);

/** Draws the panel. `changed` is called when it has to be drawn anew. */
export async function storage(entries: readonly Entry[], changed: () => void): Promise<void> {
  const stored = entries.filter((entry) => entry.stored);
  const models = stored.reduce((sum, { stored: part }) => sum + (part?.bytes ?? 0), 0);
  const [conversations, persisted, free] = await Promise.all([conversationCount(), isPersisted(), freeBytes()]);
  const keep = async (): Promise<void> => {
    if (await navigator.storage.persist()) toast("The browser keeps models and conversations until you delete them.");
    else toast("The browser did not agree: it keeps data of pages that are installed or often used.");
    changed();
  };
  render(
    html`
      <h3>Kept on this device</h3>
      <p>
        ${several(stored.length, "model")}${stored.length > 0 ? `, ${roughly(models)}` : ""}, and
        ${several(conversations, "conversation")}${free === undefined ? "" : `; the browser allows ${roughly(free)} more`}.
      </p>
      ${persisted === undefined
        ? nothing
        : persisted
          ? html`<p class="small">The browser keeps them until you delete them.</p>`
          : html`<p class="small">
              The browser may delete them when space runs short.
              <button id="persist" type="button" class="link" @click=${() => void keep()}>Ask it to keep them</button>
            </p>`}
    `,
    place,
  );
}

async function conversationCount(): Promise<number> {
  try {
    return (await database.heads()).length;
  } catch {
    return 0;
  }
}

async function isPersisted(): Promise<boolean | undefined> {
  try {
    return await navigator.storage.persisted();
  } catch {
    return undefined;
  }
}

async function freeBytes(): Promise<number | undefined> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage);
  } catch {
    return undefined;
  }
}
