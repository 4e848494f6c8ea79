/** The sidebar: beside the chat where there is room, a drawer over it on a phone. */

import { element } from "./dom.js";
import { keep, kept } from "./kept.js";

const KEY = "motet.sidebar";
const sidebar = element("sidebar", HTMLElement);
const toggle = element("toggle-sidebar", HTMLButtonElement);
const curtain = element("close-sidebar", HTMLButtonElement);
const narrow = matchMedia("(max-width: 52rem)");

let beside = kept(KEY) !== "closed";
let over = false;

function isOpen(): boolean {
  return narrow.matches ? over : beside;
}

function show(): void {
  const open = isOpen();
  document.body.dataset["sidebar"] = open ? (narrow.matches ? "over" : "beside") : "closed";
  toggle.ariaExpanded = String(open);
  // What lies under the drawer is out of reach, by keyboard too.
  document.querySelector("main")?.toggleAttribute("inert", narrow.matches && open);
  sidebar.inert = !open;
}

/** Closes the drawer; a sidebar that is beside the chat stays. */
export function closeDrawer(): void {
  if (!narrow.matches || !over) return;
  over = false;
  show();
  toggle.focus();
}

toggle.addEventListener("click", () => {
  if (narrow.matches) {
    over = !over;
    // Not the field in it, for which a phone would bring up its keyboard.
    if (over) requestAnimationFrame(() => sidebar.focus());
  } else {
    beside = !beside;
    keep(KEY, beside ? "open" : "closed");
  }
  show();
});
curtain.addEventListener("click", closeDrawer);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !narrow.matches || !over || document.querySelector(":popover-open")) return;
  event.preventDefault();
  closeDrawer();
});
narrow.addEventListener("change", show);
show();
