/** A File or Blob: it is on the disk already, so it is not stored. */

import { ReadError } from "./failure.js";
import { checkRange, type Reader, unlessAborted } from "./reader.js";

/** Reads a blob; `name` is for people. */
export function blobReader(blob: Blob, name = blob instanceof File ? blob.name : "model"): Reader {
  return {
    name,
    size: blob.size,
    fromStore: 0,
    async read(offset, length, signal) {
      checkRange(this, offset, length);
      const bytes = blob.slice(offset, offset + length).arrayBuffer();
      const failed = bytes.catch(() => {
        const why = `The browser could not read ${name} (it changed or was moved since it was chosen): choose it again.`;
        throw new ReadError("changed", why);
      });
      return new Uint8Array(await unlessAborted(failed, signal));
    },
    async finish() {},
    async close() {},
    async discard() {},
  };
}
