/** Sentences that come and go at the page's foot, with something to do about them if there is. */

import { element } from "./dom.js";

const SHOWN_MS = 8_000;
const place = element("toasts", HTMLElement);

export interface ToastAction {
  label: string;
  act: () => void;
}

export function toast(sentence: string, action?: ToastAction): void {
  const line = document.createElement("div");
  line.className = "toast";
  const text = document.createElement("p");
  text.textContent = sentence;
  line.append(text);
  if (action) line.append(button(action, () => line.remove()));
  line.append(closing(() => line.remove()));
  let timer = setTimeout(() => line.remove(), SHOWN_MS);
  // Whoever points at it, or has the focus in it, is about to use it.
  const hold = (): void => clearTimeout(timer);
  const release = (): void => {
    hold();
    timer = setTimeout(() => line.remove(), SHOWN_MS);
  };
  line.addEventListener("pointerenter", hold);
  line.addEventListener("pointerleave", release);
  line.addEventListener("focusin", hold);
  line.addEventListener("focusout", release);
  // One at a time: the newest is the one that can be undone.
  place.replaceChildren(line);
}

function button({ label, act }: ToastAction, close: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link";
  made.textContent = label;
  made.addEventListener("click", () => {
    close();
    act();
  });
  return made;
}

function closing(close: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "dismiss";
  made.ariaLabel = "Dismiss";
  made.textContent = "×";
  made.addEventListener("click", close);
  return made;
}
