/** The button that copies what a turn says. */

import type { Turn } from "../talk/conversation.js";
import { copyText } from "./clipboard.js";

const SHOWN_MS = 1_600;

/** Copies, and returns what screen readers are told of it. */
export async function copyTurn(turn: Turn, button: HTMLElement): Promise<string> {
  if (!(await copyText(turn.content))) {
    const text = button.closest("article")?.querySelector(".text");
    if (text) getSelection()?.selectAllChildren(text);
    return "This browser does not let the page copy: the text is selected, copy it yourself.";
  }
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), SHOWN_MS);
  return "Copied.";
}
