/** Light or dark: as the system is, or as the reader wants. A bundle of its own, since it runs before the first paint. */

import { keep, kept } from "./kept.js";

export type Theme = "system" | "light" | "dark";

const KEY = "motet.theme";

export function theme(): Theme {
  const chosen = kept(KEY);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function setTheme(chosen: Theme): void {
  keep(KEY, chosen);
  show(chosen);
}

function show(chosen: Theme): void {
  document.documentElement.dataset["theme"] = chosen;
}

show(theme());
