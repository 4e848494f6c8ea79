/** The settings dialog: how to answer, how much to remember. Kept from visit to visit. */

import type { Asking, MotetChat } from "../element/index.js";
import { element } from "./dom.js";
import { keep, kept } from "./kept.js";
import { setTheme, type Theme, theme } from "./theme.js";

const KEY = "motet.settings";

/** What each field has as long as nobody changes it; empty means that the engine chooses. */
const DEFAULTS = {
  system: "",
  temperature: "0.2",
  "top-p": "0.9",
  "min-p": "0",
  "repetition-penalty": "1",
  "max-tokens": "1024",
  seed: "",
  "context-length": "",
  kv: "f32",
};
type Name = keyof typeof DEFAULTS;
const names = Object.keys(DEFAULTS) as Name[];

const dialog = element("settings", HTMLDialogElement);
const reload = element("reload", HTMLButtonElement);

function field(name: Name): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
  if (name === "system") return element(name, HTMLTextAreaElement);
  return name === "kv" ? element(name, HTMLSelectElement) : element(name, HTMLInputElement);
}

/** The number in a field, as far as it is one that the field allows. */
function number(name: Name): number | undefined {
  const input = element(name, HTMLInputElement);
  if (!Number.isFinite(input.valueAsNumber)) return undefined;
  return Math.min(Math.max(input.valueAsNumber, Number(input.min)), Number(input.max));
}

function fill(values: Partial<Record<Name, unknown>>): void {
  for (const name of names) {
    const [value, input] = [values[name], field(name)];
    input.value = typeof value === "string" ? value : DEFAULTS[name];
    // A choice that there is not.
    if (input.value === "") input.value = DEFAULTS[name];
  }
}

function restore(): void {
  try {
    const values: unknown = JSON.parse(kept(KEY) ?? "{}");
    fill(typeof values === "object" && values !== null ? values : {});
  } catch {
    fill({});
  }
}

function store(): void {
  keep(KEY, JSON.stringify(Object.fromEntries(names.map((name) => [name, field(name).value]))));
}

function describe(): void {
  const temperature = number("temperature") ?? 0;
  const topP = number("top-p") ?? 1;
  element("temperature-value", HTMLOutputElement).textContent =
    temperature === 0 ? "0, always the likeliest word" : temperature.toFixed(1);
  element("top-p-value", HTMLOutputElement).textContent = topP === 1 ? "1, all words" : topP.toFixed(2);
}

/** What counts when a model is loaded. */
export function memory(): { contextLength?: number; kv: "f32" | "f16" | "q8" } {
  const contextLength = number("context-length");
  const kv = element("kv", HTMLSelectElement).value as "f32" | "f16" | "q8";
  return { ...(contextLength !== undefined && { contextLength: Math.round(contextLength) }), kv };
}

/** Has `chat` follow the settings, now and whenever they change. `again` loads the model anew. */
export function wireSettings(chat: MotetChat, again: () => void): void {
  let loadedWith = "";
  const offerReload = (): void => {
    reload.hidden = loadedWith === "" || loadedWith === JSON.stringify(memory());
  };
  const apply = (): void => {
    const { contextLength, kv } = memory();
    chat.system = element("system", HTMLTextAreaElement).value.trim();
    chat.temperature = number("temperature") ?? Number(DEFAULTS.temperature);
    chat.topP = number("top-p") ?? Number(DEFAULTS["top-p"]);
    chat.maxTokens = number("max-tokens") ?? Number(DEFAULTS["max-tokens"]);
    chat.params = params();
    chat.contextLength = contextLength;
    chat.kv = kv;
    describe();
    offerReload();
  };
  restore();
  apply();
  dialog.addEventListener("input", () => {
    store();
    apply();
  });
  chat.addEventListener("motet-state", ({ detail: { state } }) => {
    if (state === "loading") loadedWith = JSON.stringify(memory());
    offerReload();
  });
  reload.addEventListener("click", () => {
    dialog.close();
    again();
  });
  element("reset-settings", HTMLButtonElement).addEventListener("click", () => {
    fill({});
    store();
    apply();
  });
  element("open-settings", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  wireAppearance();
}

function params(): Asking {
  const [minP, repetition, seed] = [number("min-p"), number("repetition-penalty"), number("seed")];
  return {
    ...(minP && { min_p: minP }),
    ...(repetition && repetition !== 1 && { repetition_penalty: repetition }),
    ...(seed !== undefined && { seed: Math.round(seed) }),
  };
}

function wireAppearance(): void {
  for (const choice of dialog.querySelectorAll<HTMLInputElement>('input[name="theme"]')) {
    choice.checked = choice.value === theme();
    choice.addEventListener("change", () => setTheme(choice.value as Theme));
  }
}
