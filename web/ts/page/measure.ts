/** The panel of `?bench`: it measures on demand, and shows what `motet bench --json` prints. */

import { Motet, type Progress } from "../motet.js";
import { element } from "./dom.js";
import { bytes } from "../bytes.js";

const MEASURING = { prefill: [1, 8, 32, 128], decodeAt: [0] };

const panel = element("measure", HTMLElement);
const start = element("measure-start", HTMLButtonElement);
const copy = element("measure-copy", HTMLButtonElement);
const status = element("measure-status", HTMLElement);
const report = element("measure-report", HTMLPreElement);

/** Shows the panel; nothing is loaded before the button is pressed. */
export function offer(model: string, features: { subgroups: boolean; f16: boolean }): void {
  panel.hidden = false;
  start.addEventListener("click", () => void measure(model, features));
  copy.addEventListener("click", () => void copyReport());
}

function progress({ phase, done, total }: Progress): void {
  status.textContent = phase === "weights" ? `Loading: ${bytes(done, total)} of ${bytes(total)}` : "Loading";
}

async function measure(model: string, features: { subgroups: boolean; f16: boolean }): Promise<void> {
  start.disabled = true;
  copy.hidden = report.hidden = true;
  let motet: Motet | undefined;
  try {
    motet = await Motet.load(model, { ...features, onProgress: progress });
    status.textContent = "Measuring. On a GPU in software it takes minutes.";
    report.textContent = JSON.stringify(await motet.measure(MEASURING), undefined, 2);
    status.textContent = "Done.";
    copy.hidden = report.hidden = false;
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
  } finally {
    motet?.close();
    start.disabled = false;
  }
}

async function copyReport(): Promise<void> {
  try {
    await navigator.clipboard.writeText(report.textContent);
    status.textContent = "Copied.";
  } catch {
    getSelection()?.selectAllChildren(report);
    status.textContent = "This browser does not let the page copy: the text is selected, copy it yourself.";
  }
}
