/** A model that is dropped anywhere on the page. */

import { element } from "../dom.js";
import { toast } from "../toast.js";

const sign = element("drop", HTMLElement);

export function wireDrop(load: (file: File) => void): void {
  // Every element that is entered says so, and every one that is left.
  let inside = 0;
  const show = (depth: number): void => {
    inside = depth;
    sign.hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(inside + 1);
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("dragleave", () => show(Math.max(0, inside - 1)));
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(0);
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    if (/\.gguf$/i.test(file.name)) load(file);
    else toast(`“${file.name}” is not a model: drop a file whose name ends in .gguf.`);
  });
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
