/** What is in the store, for the page's thread as well as for workers. */

import { modelAddress } from "./address.js";
import { dataFile, hold, journalFile, keyOf, keyOfFile, removeFiles, storeFolder } from "./folder.js";
import { decodeJournal, type Journal, parseJournal, storedBytes } from "./journal.js";
import { allShards, firstShard } from "./shards.js";

/** A model in the store, whole or in part. */
export interface StoredModel {
  /** The address of its (first) file: to load it by, and to remove it. */
  source: string;
  /** The file's name, for people. */
  name: string;
  /** Of the whole file; of a model of several files, of those that loading has come to. */
  bytes: number;
  storedBytes: number;
  /** Whether it loads without the network. */
  complete: boolean;
  /** When it was opened last, in milliseconds since 1970. */
  lastUsed: number;
}

/** A journal that is being written can fail to be read; a moment later it can be. */
const TRIES = 3;
/** How long a removal waits for a worker that has just ended, and a listing for files that nobody should have. */
const PATIENCE_MS = 500;
const SWEEP_PATIENCE_MS = 50;

/**
 * The models in the store, the one that was used last first; none where the browser has no store. What can no longer be
 * told, since a crash tore the beginning of its journal, is removed on the way.
 */
export async function listStored(): Promise<StoredModel[]> {
  const folder = await storeFolder(false);
  if (!folder) return [];
  const keys = new Set<string>();
  for await (const name of folder.keys()) {
    const key = keyOfFile(name);
    if (key !== undefined) keys.add(key);
  }
  const models = new Map<string, StoredModel[]>();
  for (const key of keys) {
    const journal = await journalOf(folder, key);
    if (!journal) {
      await sweep(folder, key);
      continue;
    }
    const source = firstShard(journal.header.address);
    models.set(source, [...(models.get(source) ?? []), modelOf(journal)]);
  }
  return [...models].map(([source, files]) => together(source, files)).sort((a, b) => b.lastUsed - a.lastUsed);
}

/**
 * Removes a stored model, all files of it, by whatever `modelAddress` takes; whether there was one.
 *
 * @throws Error with a sentence while it is being loaded, here or in another tab.
 */
export async function removeStored(model: string, base = pageAddress()): Promise<boolean> {
  const folder = await storeFolder(false);
  const { name, addresses } = modelAddress(model, base);
  if (!folder) return false;
  let removed = false;
  for (const address of new Set(addresses.flatMap(allShards))) {
    const key = await keyOf(address);
    if (!(await exists(folder, key))) continue;
    if (!(await remove(folder, key))) {
      throw new Error(`${name} is being loaded, here or in another tab: remove it when that has ended.`);
    }
    removed = true;
  }
  return removed;
}

/** Where relative addresses start. In a worker that is its script, so there the page's address is to be given. */
function pageAddress(): string {
  return typeof document === "undefined" ? location.href : document.baseURI;
}

async function journalOf(folder: FileSystemDirectoryHandle, key: string): Promise<Journal | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const file = await (await folder.getFileHandle(journalFile(key))).getFile();
      return parseJournal(decodeJournal(await file.arrayBuffer()));
    } catch (error) {
      if (attempt === TRIES || (error instanceof DOMException && error.name === "NotFoundError")) return undefined;
    }
  }
}

function modelOf(journal: Journal): StoredModel {
  const { header, lastUsed } = journal;
  const stored = storedBytes(journal);
  const complete = stored === header.size;
  return { source: header.address, name: header.name, bytes: header.size, storedBytes: stored, complete, lastUsed };
}

/** The files of one model as one. */
function together(source: string, files: readonly StoredModel[]): StoredModel {
  const sum = (of: (file: StoredModel) => number): number => files.reduce((total, file) => total + of(file), 0);
  const first = files.find((file) => file.source === source) ?? files[0];
  return {
    source,
    name: first?.name ?? source,
    bytes: sum((file) => file.bytes),
    storedBytes: sum((file) => file.storedBytes),
    complete: files.length === allShards(source).length && files.every((file) => file.complete),
    lastUsed: Math.max(...files.map((file) => file.lastUsed)),
  };
}

async function exists(folder: FileSystemDirectoryHandle, key: string): Promise<boolean> {
  for (const name of [journalFile(key), dataFile(key)]) {
    const found = await folder.getFileHandle(name).then(() => true, () => false);
    if (found) return true;
  }
  return false;
}

/** Whether the files are gone; false while an opening has them. */
async function remove(folder: FileSystemDirectoryHandle, key: string): Promise<boolean> {
  const right = await hold(key, PATIENCE_MS);
  if (!right) return false;
  try {
    await removeFiles(folder, key);
    return true;
  } catch {
    return false;
  } finally {
    await right.release();
  }
}

/** Removes files that no journal speaks for, unless an opening is just making them. */
async function sweep(folder: FileSystemDirectoryHandle, key: string): Promise<void> {
  const right = await hold(key, SWEEP_PATIENCE_MS);
  if (!right) return;
  try {
    if (!(await journalOf(folder, key))) await removeFiles(folder, key);
  } catch {
    // They stay until the next time.
  } finally {
    await right.release();
  }
}
