/** Loading, as a bar and a line of text. */

import { bytes } from "../../bytes.js";
import { left } from "../format.js";
import type { Progress } from "../../motet.js";

/** How much of the bar each phase gets. */
const SHARE = { header: 0.02, weights: 0.73, shaders: 0.25 };
const START: Record<Progress["phase"], number> = { header: 0, weights: 0.02, shaders: 0.75 };

/** How far loading has come, from 0 to 1. */
export function fraction(progress: Progress | undefined): number {
  if (!progress) return 0;
  const { phase, done, total } = progress;
  return START[phase] + SHARE[phase] * (total > 0 ? Math.min(done / total, 1) : 0);
}

export function describe(progress: Progress | undefined): string {
  if (!progress) return "Starting the engine";
  const { phase, done, total, secondsLeft, fromStore } = progress;
  const wait = secondsLeft !== undefined && secondsLeft >= 1 ? ` · ${left(secondsLeft)}` : "";
  const kept = fromStore !== undefined && fromStore > 0 && fromStore >= done ? " from this device" : "";
  switch (phase) {
    case "header":
      return "Reading the header";
    case "weights":
      return `Loading weights${kept}: ${bytes(done, total).replace(/ .*/, "")} of ${bytes(total)}${wait}`;
    case "shaders":
      return total > 1 ? `Compiling shaders: ${done} of ${total}${wait}` : "Compiling shaders";
  }
}
