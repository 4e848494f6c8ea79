/** The chat page: it uses `motet.js` as any page can. */

import { type Finish, type Message, Motet } from "../motet.js";
import { bench } from "./bench.js";
import { element } from "./dom.js";
import { count, rate, seconds } from "./format.js";
import * as loader from "./loader.js";
import * as log from "./log.js";
import * as measure from "./measure.js";
import * as settings from "./settings.js";

const DEFAULT_MODEL = "models/SmolLM2-135M-Instruct.Q4_1.gguf";

declare global {
  interface Window {
    /** The model that the page talks to, for the console. */
    motet: Motet | undefined;
    bench: typeof bench | undefined;
    benchReady: boolean | undefined;
  }
}

const form = element("composer", HTMLFormElement);
const input = element("input", HTMLTextAreaElement);
const send = element("send", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const status = element("status", HTMLElement);
const modelName = element("model-name", HTMLElement);
const welcome = element("welcome", HTMLElement);
const file = element("file", HTMLInputElement);

/** `model` is an address; `subgroups=off` and `f16=off` are for tests; `bench` is for measuring. */
const query = new URLSearchParams(location.search);
/** What was said, without the system prompt. */
let conversation: Message[] = [];
let source: string | File;
/** The load or the answer that is under way. */
let loading: AbortController | undefined;
let answering: AbortController | undefined;

function isGone(motet: Motet | undefined): boolean {
  return motet === undefined || motet.failure !== undefined;
}

function refresh(): void {
  const ready = !isGone(window.motet);
  send.hidden = answering !== undefined;
  stop.hidden = answering === undefined;
  send.disabled = !ready || input.value.trim() === "";
  welcome.hidden = conversation.length > 0 || answering !== undefined;
  document.body.dataset["state"] = answering ? "answering" : loading ? "loading" : ready ? "ready" : "failed";
  for (const button of welcome.querySelectorAll("button")) button.disabled = !ready;
}

async function load(from: string | File): Promise<void> {
  loading?.abort();
  dropAnswer();
  window.motet?.close();
  window.motet = undefined;
  source = from;
  const control = new AbortController();
  loading = control;
  const name = from instanceof File ? from.name : (from.split(/[?#]/)[0]?.split("/").at(-1) ?? from);
  modelName.textContent = "";
  loader.start(name);
  refresh();
  try {
    const motet = await Motet.load(from, { ...features(), onProgress: loader.progress, signal: control.signal });
    if (loading !== control) return motet.close();
    window.motet = motet;
    const { model, adapter } = motet;
    modelName.textContent = model.name;
    modelName.title = `${model.architecture}, ${count(model.parameters)} parameters, ${model.contextLength} tokens of context`;
    status.textContent = `${model.name} on ${adapter.adapter}${adapter.software ? ", a GPU in software and so a slow one" : ""}`;
    loader.hide();
  } catch (error) {
    if (loading !== control) return;
    loader.fail(control.signal.aborted ? "Loading was cancelled." : messageOf(error));
  }
  if (loading === control) loading = undefined;
  refresh();
}

function features(): { subgroups: boolean; f16: boolean } {
  return { subgroups: query.get("subgroups") !== "off", f16: query.get("f16") !== "off" };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function summary(finish: Finish): string {
  const parts = finish.tokens > 0 ? [`first token ${seconds(finish.firstTokenMs)}`] : [];
  if (finish.tokens > 1) parts.push(rate(finish.tokens - 1, finish.decodeMs));
  if (finish.tokens > 0) parts.push(`${finish.tokens} ${finish.tokens === 1 ? "token" : "tokens"}`);
  if (finish.tokens === 0 && finish.reason === "end") parts.push("the model had nothing to say");
  if (finish.reason === "aborted") parts.push("stopped");
  if (finish.reason === "length") parts.push("cut off at the longest answer");
  if (finish.reason === "context") parts.push("the context is full: start a new chat");
  return parts.join(" · ");
}

/** The note under an answer that is being written; at most ten times a second, since each is a line to lay out. */
function liveNote(entry: log.Entry): () => void {
  const start = performance.now();
  let [first, tokens, shown] = [0, 0, 0];
  return () => {
    const now = performance.now();
    tokens += 1;
    if (tokens === 1) first = now;
    if (tokens > 1 && now - shown < 100) return;
    shown = now;
    const speed = tokens > 1 ? ` · ${rate(tokens - 1, now - first)}` : "";
    entry.note(`first token ${seconds(first - start)}${speed}`);
  };
}

async function ask(question: string): Promise<void> {
  const motet = window.motet;
  if (!motet || isGone(motet) || answering || !question) return;
  const control = new AbortController();
  answering = control;
  new log.Entry("user", question);
  const entry = new log.Entry("assistant");
  entry.busy = true;
  entry.note("Reading…");
  const asked: Message[] = [...conversation, { role: "user", content: question }];
  const system = settings.systemPrompt();
  const messages = system ? [{ role: "system", content: system }, ...asked] : asked;
  refresh();
  const tick = liveNote(entry);
  try {
    for await (const token of motet.chat(messages, { ...settings.generation(), signal: control.signal })) {
      entry.append(token.text);
      if (token.finish) entry.note(summary(token.finish));
      else tick();
    }
  } catch (error) {
    entry.fail(messageOf(error));
    if (answering === control && isGone(motet)) loader.fail(messageOf(error));
  }
  entry.busy = false;
  // A new chat was begun, or another model chosen.
  if (answering !== control) return;
  // A turn without an answer was no turn: the question goes back to where it can be changed and sent again.
  if (entry.text) conversation = [...asked, { role: "assistant", content: entry.text }];
  else input.value ||= question;
  answering = undefined;
  refresh();
}

function dropAnswer(): void {
  answering?.abort();
  answering = undefined;
}

function newChat(): void {
  dropAnswer();
  conversation = [];
  log.clear();
  input.focus();
  refresh();
}

function submit(): void {
  const question = input.value.trim();
  if (!question || send.disabled || answering) return;
  input.value = "";
  void ask(question);
}

function wire(): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener("input", refresh);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") answering?.abort();
  });
  stop.addEventListener("click", () => answering?.abort());
  for (const button of welcome.querySelectorAll("button")) {
    button.addEventListener("click", () => void ask(button.textContent.trim()));
  }
  element("new-chat", HTMLButtonElement).addEventListener("click", newChat);
  element("cancel", HTMLButtonElement).addEventListener("click", () => loading?.abort());
  element("retry", HTMLButtonElement).addEventListener("click", () => void load(source));
  for (const id of ["open-file", "open-other-file"]) {
    element(id, HTMLButtonElement).addEventListener("click", () => file.click());
  }
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    file.value = "";
    settings.close();
    if (!chosen) return;
    newChat();
    void load(chosen);
  });
}

wire();
if (query.has("bench")) {
  loader.hide();
  status.textContent = "Ready to be measured by window.bench";
  measure.offer(query.get("model") ?? DEFAULT_MODEL, features());
  window.bench = bench;
  window.benchReady = true;
} else {
  void load(query.get("model") ?? DEFAULT_MODEL);
}
