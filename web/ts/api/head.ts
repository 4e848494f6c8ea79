/** What all chunks of a response begin with. */

import type { ModelInfo } from "./runner.js";

/** `prefix` is that of the id. */
export function headOf<Kind extends string>(
  prefix: string,
  object: Kind,
  model: ModelInfo,
): { id: string; object: Kind; created: number; model: string } {
  return { id: `${prefix}-${crypto.randomUUID()}`, object, created: unixSeconds(), model: model.name };
}

/** The time, in seconds since 1970. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
