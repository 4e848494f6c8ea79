/** The buttons that save all conversations to a file, and read such a file. */

import { several } from "../../element/format.js";
import { element } from "../dom.js";
import { toast } from "../toast.js";
import { attempt } from "./attempt.js";
import type { Conversation } from "./conversation.js";
import type { Current } from "./current.js";
import * as database from "./database.js";
import { asJson, download } from "./exporting.js";
import { conversationsOf } from "./importing.js";

export function wireExchange(current: Current, changed: () => void): void {
  const file = element("import-file", HTMLInputElement);
  element("import", HTMLButtonElement).addEventListener("click", () => file.click());
  element("export-all", HTMLButtonElement).addEventListener("click", () => void exportAll(current));
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    file.value = "";
    if (chosen) void importFrom(chosen).then(changed);
  });
}

async function exportAll(current: Current): Promise<void> {
  await current.flush();
  const all = (await attempt(database.readAll)) ?? [];
  if (all.length === 0) return toast("There is no conversation to export yet.");
  const day = new Date().toISOString().slice(0, 10);
  download(`motet-conversations-${day}.json`, asJson(all), "application/json");
}

async function importFrom(file: File): Promise<void> {
  try {
    const conversations = await conversationsOf(file);
    const written = await attempt(() => writeNew(conversations));
    if (written === undefined) return;
    const known = conversations.length - written;
    const others = known > 0 ? `, ${known} ${known === 1 ? "was" : "were"} here already` : "";
    toast(`${several(written, "conversation")} imported${others}.`);
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error));
  }
}

/** How many were written: what is here already stays as it is, unless it is older. */
async function writeNew(conversations: readonly Conversation[]): Promise<number> {
  let written = 0;
  for (const conversation of conversations) {
    const here = await database.read(conversation.id);
    if (here && here.updated >= conversation.updated) continue;
    await database.write(conversation);
    written += 1;
  }
  return written;
}
