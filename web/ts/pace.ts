/** How long a phase of loading will take on, by how it went so far. */

import type { Progress } from "./protocol.js";

/** An estimate from less than this says nothing. */
const SOON_MS = 1500;

export class Pace {
  #phase: Progress["phase"] | undefined;
  #start = 0;
  #first = 0;

  /** An estimate, once there can be one. */
  secondsLeft(phase: Progress["phase"], done: number, total: number): { secondsLeft?: number } {
    const now = performance.now();
    if (phase !== this.#phase) [this.#phase, this.#start, this.#first] = [phase, now, done];
    const [elapsed, moved] = [now - this.#start, done - this.#first];
    if (elapsed < SOON_MS || moved <= 0) return {};
    return { secondsLeft: (elapsed * (total - done)) / moved / 1000 };
  }
}
