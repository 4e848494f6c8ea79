/** The store's folder in the origin private file system, the names in it, and who may change what. */

import { sha256 } from "./pieces.js";

/** The number is the format's, so that versions of this package on one site leave each other's files alone. */
const FOLDER = "motet-weights-1";

export const dataFile = (key: string): string => `${key}.data`;
export const journalFile = (key: string): string => `${key}.journal`;

/** The part of a file's name that says whose it is, if it is a file of the store. */
export function keyOfFile(name: string): string | undefined {
  return /^([0-9a-f]{32})\.(?:data|journal)$/.exec(name)?.[1];
}

/** What files of an address are called. */
export async function keyOf(address: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(address))).slice(0, 32);
}

/** Whether this browser, in this window, could have a store at all. */
export function storeIsPossible(): boolean {
  return isSecureContext && "locks" in navigator && typeof navigator.storage?.getDirectory === "function";
}

/** The folder; undefined where the browser has none, or where there is none yet and `create` is not set. */
export async function storeFolder(create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
  if (!storeIsPossible()) return undefined;
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create });
  } catch {
    // Absent, or forbidden as in the private windows of some browsers: there is nothing in it for us either way.
    return undefined;
  }
}

/** Removes both files; the journal first, since data without one is worth nothing and the other way round would lie. */
export async function removeFiles(folder: FileSystemDirectoryHandle, key: string): Promise<void> {
  for (const name of [journalFile(key), dataFile(key)]) {
    try {
      await folder.removeEntry(name);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
    }
  }
}

/** The right to change the files of a key, across tabs and workers. A tab that dies loses it. */
export interface Hold {
  release(): Promise<void>;
}

/** Asks for that right; undefined if another holds it and has not let go after `patienceMs`. */
export async function hold(key: string, patienceMs: number): Promise<Hold | undefined> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceMs);
  try {
    return await new Promise<Hold>((resolve, reject) => {
      const held: Promise<void> = navigator.locks
        .request(`motet-store-${key}`, { signal: patience.signal }, () =>
          new Promise<void>((letGo) => {
            resolve({
              release() {
                letGo();
                return held;
              },
            });
          }),
        )
        .then(() => undefined, reject);
    });
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
