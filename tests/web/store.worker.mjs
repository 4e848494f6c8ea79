// The far end of the store's tests: a module that runs in a worker, and on the page, and does what it is asked to.
import { askToPersist, blobReader, listStored, openStored, removeStored } from "../../web/ts/store/index.ts";
import { decodeJournal, parseJournal } from "../../web/ts/store/journal.ts";

const MIB = 2 ** 20;

/** Readings that are under way, by the number that the test gave them. */
const readers = new Map();

/** Calls as the engine makes them: a header in growing pieces, then windows, mostly ascending, some of them overlapping. */
function windows(size, window) {
  const reads = [];
  for (let at = 0, length = Math.min(MIB, size); at < Math.min(3 * MIB, size); at += length) {
    length = Math.min(MIB, size - at);
    reads.push([at, length]);
  }
  for (let at = 0, count = 0; at < size; count += 1) {
    const length = Math.min(count % 3 === 2 ? window / 2 : window, size - at);
    reads.push([at, length]);
    at += length;
    if (count % 4 === 3 && at < size) at -= Math.min(window / 4, length / 2);
  }
  return reads;
}

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function file(name) {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("motet-weights-1");
  for await (const [entry, handle] of folder.entries()) if (entry.endsWith(`.${name}`)) return handle;
  throw new Error(`There is no ${name} file.`);
}

const commands = {
  async open({ id, address, options }) {
    const state = { notices: [], fetched: 0, abort: new AbortController() };
    const reader = await openStored(address, {
      ...options,
      signal: state.abort.signal,
      onNotice: (sentence) => state.notices.push(sentence),
      onFetched: (bytes) => {
        state.fetched += bytes;
        postMessage({ fetched: state.fetched });
      },
    });
    readers.set(id, Object.assign(state, { reader }));
    return { size: reader.size, name: reader.name };
  },
  /** The SHA-256 of some bytes. */
  async read({ id, offset, length }) {
    return hex(await crypto.subtle.digest("SHA-256", await readers.get(id).reader.read(offset, length)));
  },
  /** Reads everything as the engine does; the SHA-256 of what it came to, each byte as it was read last. */
  async readAll({ id, window = 8 * MIB }) {
    const { reader } = readers.get(id);
    const whole = new Uint8Array(reader.size);
    for (const [offset, length] of windows(reader.size, window)) whole.set(await reader.read(offset, length), offset);
    return hex(await crypto.subtle.digest("SHA-256", whole));
  },
  /** Milliseconds that ascending windows take, with nothing done with them. */
  async time({ id }) {
    const { reader } = readers.get(id);
    const start = performance.now();
    for (let at = 0; at < reader.size; at += 8 * MIB) await reader.read(at, Math.min(8 * MIB, reader.size - at));
    return performance.now() - start;
  },
  state({ id }) {
    const { notices, fetched, reader } = readers.get(id);
    return { notices, fetched, fromStore: reader.fromStore };
  },
  abort({ id }) {
    readers.get(id).abort.abort(new Error("It was given up."));
  },
  /** Reads of a File, or of a Blob, and what it refuses. */
  async blob() {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const reader = blobReader(new File([bytes], "a.gguf"));
    const some = await reader.read(10, 50_000);
    const same = some.length === 50_000 && some.every((byte, at) => byte === bytes[at + 10]);
    const refused = [];
    for (const [offset, length] of [[0, 60_001], [-1, 2], [0.5, 1], [60_000, 1]]) {
      await reader.read(offset, length).catch(({ message }) => refused.push(message));
    }
    const reason = new Error("It was given up.");
    await reader.read(0, 1, AbortSignal.abort(reason)).catch((error) => refused.push(error === reason));
    const rest = await reader.read(60_000, 0);
    await reader.finish();
    await reader.close();
    return { name: reader.name, size: reader.size, same, refused, rest: rest.length, nameless: blobReader(new Blob([])).name };
  },
  finish: ({ id }) => readers.get(id).reader.finish(),
  close: ({ id }) => readers.get(id).reader.close(),
  discard: ({ id }) => readers.get(id).reader.discard(),
  list: () => listStored(),
  remove: ({ model, base }) => removeStored(model, base),
  /** Which pieces the journal says are there. */
  async pieces() {
    const journal = await (await file("journal")).getFile();
    return [...(parseJournal(decodeJournal(await journal.arrayBuffer()))?.hashes.keys() ?? [])];
  },
  async length({ name }) {
    return (await (await file(name)).getFile()).size;
  },
  /** Damages a file of the store: cuts it, or flips bits at some offsets. */
  async damage({ name, cut, flips = [] }) {
    const handle = await (await file(name)).createSyncAccessHandle();
    if (cut !== undefined) handle.truncate(cut);
    for (const at of flips) {
      const byte = new Uint8Array(1);
      handle.read(byte, { at });
      byte[0] ^= 0x10;
      handle.write(byte, { at });
    }
    handle.flush();
    handle.close();
  },
  /** Cuts the journal to every length there is, one after the other, and opens and reads after each cut. */
  async tear({ address, pieceBytes, expected }) {
    const journal = await file("journal");
    const original = new Uint8Array(await (await journal.getFile()).arrayBuffer());
    const data = new Uint8Array(await (await (await file("data")).getFile()).arrayBuffer());
    const bad = [];
    for (let length = 0; length <= original.length; length += 1) {
      for (const [handle, bytes] of [[await file("data"), data], [journal, original.subarray(0, length)]]) {
        const access = await handle.createSyncAccessHandle();
        access.truncate(0);
        access.write(bytes, { at: 0 });
        access.close();
      }
      const reader = await openStored(address, { pieceBytes });
      const digest = hex(await crypto.subtle.digest("SHA-256", await reader.read(0, reader.size)));
      await reader.close();
      const [{ complete }] = await listStored();
      if (digest !== expected || !complete) bad.push({ length, digest, complete });
    }
    return { lengths: original.length + 1, bad };
  },
  /** From here on the browser says that so many bytes are left. */
  sayOfRoom({ left }) {
    navigator.storage.estimate = async () => ({ quota: left + 1000, usage: 1000 });
  },
  /** From here on timers go off twenty times as early. */
  hurry() {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (work, milliseconds) => setTimeout(work, milliseconds / 20);
  },
  persist: () => askToPersist(),
  withoutFolder() {
    navigator.storage.getDirectory = async () => {
      throw new DOMException("Not here.", "SecurityError");
    };
  },
};

async function obey({ command, ...given }) {
  try {
    return { value: await commands[command](given) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), reason: error?.reason };
  }
}

if (typeof document === "undefined") {
  self.onmessage = async ({ data }) => postMessage({ call: data.call, ...(await obey(data)) });
} else {
  window.onPage = obey;
}
