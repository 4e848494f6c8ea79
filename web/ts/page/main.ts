/** The chat page: the element, and around it what is the page's own. */

import type { Motet } from "../motet.js";
import type { ChatState, ModelSource, MotetChat } from "../element/index.js";
import "../element/index.js";
import { count } from "../element/format.js";
import { bench } from "./bench.js";
import { Current } from "./conversations/current.js";
import * as database from "./conversations/database.js";
import { wireExchange } from "./conversations/exchange.js";
import { List } from "./conversations/list.js";
import { element } from "./dom.js";
import { closeDrawer } from "./drawer.js";
import { wireExperts } from "./experts/panel.js";
import * as measure from "./measure.js";
import { wireDrop } from "./models/drop.js";
import { wirePicker } from "./models/picker.js";
import { announceUpdates, workOffline } from "./offline.js";
import { features, isBench, model } from "./query.js";
import { wireSettings } from "./settings.js";

declare global {
  interface Window {
    /** The model that the page talks to, for the console. */
    motet: Motet | undefined;
    bench: typeof bench | undefined;
    benchReady: boolean | undefined;
  }
}

const chat = element("chat", HTMLElement) as MotetChat;
const welcome = element("welcome", HTMLElement);
const suggestions = welcome.querySelectorAll("button");
const modelName = element("model-name", HTMLElement);

function load(source: ModelSource): void {
  chat.model = source;
  void chat.load();
}

function show(state: ChatState): void {
  window.motet = chat.motet;
  document.body.dataset["state"] = state;
  for (const button of suggestions) button.disabled = state !== "ready";
  const info = chat.motet?.model;
  modelName.textContent = info?.name ?? (state === "loading" ? "Loading…" : "Choose a model");
  modelName.title = info
    ? `${info.architecture}, ${count(info.parameters)} parameters, ${info.contextLength.toLocaleString("en")} tokens of context`
    : "";
}

function wireChat(current: Current): void {
  chat.addEventListener("motet-state", ({ detail }) => show(detail.state));
  chat.addEventListener("motet-load", () => (window.motet = chat.motet));
  for (const button of suggestions) button.addEventListener("click", () => void chat.send(button.textContent));
  document.addEventListener("keydown", (event) => {
    const isTaken = event.defaultPrevented || document.querySelector("dialog[open], :popover-open");
    if (event.key === "Escape" && !isTaken) chat.stop();
  });
  element("new-chat", HTMLButtonElement).addEventListener("click", () => {
    closeDrawer();
    current.begin();
    chat.focus();
  });
}

function wireModels(): void {
  wirePicker({ load, current: () => (typeof chat.model === "string" ? chat.model : undefined) });
  wireDrop(load);
  wireSettings(chat, () => void chat.load());
  wireExperts(chat);
}

async function start(): Promise<void> {
  announceUpdates();
  const list = new List();
  const current = new Current(chat, () => void list.refresh());
  list.current = current;
  wireChat(current);
  wireModels();
  wireExchange(current, () => void list.refresh());
  chat.loadOptions = features;
  database.listen(() => void list.refresh());
  load(model);
  await current.openAddressed();
  await list.refresh();
  // A phone would bring up its keyboard.
  if (matchMedia("(hover: hover)").matches) chat.focus();
  await workOffline();
}

if (isBench) {
  chat.hidden = true;
  document.body.dataset["state"] = "bench";
  measure.offer(model, features);
  window.bench = bench;
  window.benchReady = true;
} else {
  void start();
}
