/** The two files of one address: changed by whoever holds the right to, read by others once they are complete. */

import { dataFile, type Hold, hold, journalFile, removeFiles } from "./folder.js";
import { decodeJournal, encodeJournal } from "./journal.js";
import type { Bytes } from "./pieces.js";

/** Another opening may be about to end: a worker that was terminated gives its files back a moment later. */
const PATIENCE_MS = 500;
const RETRY_MS = 50;

/** What dedicated workers have, and the library of DOM types does not list. */
interface SyncHandle {
  read(into: Bytes, options: { at: number }): number;
  write(bytes: Bytes, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

interface WithSyncHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncHandle>;
}

/** Files that can be read. */
export interface Disk {
  journal(): Promise<string>;
  /** Bytes of the data, fewer where it ends. */
  read(at: number, length: number): Promise<Bytes>;
  close(): Promise<void>;
}

/** Files that only this opening touches. Calls that write throw DOMExceptions: QuotaExceededError when there is no room. */
export class OwnDisk implements Disk {
  private constructor(
    private readonly folder: FileSystemDirectoryHandle,
    private readonly key: string,
    private readonly right: Hold,
    private readonly dataHandle: SyncHandle,
    private readonly journalHandle: SyncHandle,
  ) {}

  /**
   * Opens the files, and makes them where there are none; undefined if another opening has them.
   *
   * @throws where the browser has no sync access handles, or refuses files.
   */
  static async open(folder: FileSystemDirectoryHandle, key: string): Promise<OwnDisk | undefined> {
    const right = await hold(key, PATIENCE_MS);
    if (!right) return undefined;
    let data: SyncHandle | undefined;
    try {
      data = await handleOf(folder, dataFile(key));
      return new OwnDisk(folder, key, right, data, await handleOf(folder, journalFile(key)));
    } catch (error) {
      data?.close();
      await right.release();
      throw error;
    }
  }

  async journal(): Promise<string> {
    const bytes = new Uint8Array(this.journalHandle.getSize());
    this.journalHandle.read(bytes, { at: 0 });
    return decodeJournal(bytes);
  }

  async read(at: number, length: number): Promise<Bytes> {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, this.dataHandle.read(bytes, { at }));
  }

  writeData(bytes: Bytes, at: number): void {
    writeAll(this.dataHandle, bytes, at);
  }

  writeJournal(text: string, at: number): void {
    writeAll(this.journalHandle, encodeJournal(text), at);
  }

  cutData(size: number): void {
    this.dataHandle.truncate(size);
  }

  cutJournal(size: number): void {
    this.journalHandle.truncate(size);
  }

  flushData(): void {
    this.dataHandle.flush();
  }

  flushJournal(): void {
    this.journalHandle.flush();
  }

  async close(): Promise<void> {
    this.#closeHandles();
    await this.right.release();
  }

  /** Closes and removes the files. */
  async remove(): Promise<void> {
    this.#closeHandles();
    try {
      await removeFiles(this.folder, this.key);
    } finally {
      await this.right.release();
    }
  }

  #closeHandles(): void {
    this.dataHandle.close();
    this.journalHandle.close();
  }
}

/** Files that another opening may be using: they are looked at as they are. Reads fail once they are written to. */
export class SharedDisk implements Disk {
  private constructor(
    private readonly data: File,
    private readonly journalFile: File,
  ) {}

  static async open(folder: FileSystemDirectoryHandle, key: string): Promise<SharedDisk> {
    const [data, journal] = await Promise.all(
      [dataFile(key), journalFile(key)].map(async (name) => (await folder.getFileHandle(name)).getFile()),
    );
    if (!data || !journal) throw new Error("Both files were asked for.");
    return new SharedDisk(data, journal);
  }

  async journal(): Promise<string> {
    return decodeJournal(await this.journalFile.arrayBuffer());
  }

  async read(at: number, length: number): Promise<Bytes> {
    return new Uint8Array(await this.data.slice(at, at + length).arrayBuffer());
  }

  async close(): Promise<void> {}
}

async function handleOf(folder: FileSystemDirectoryHandle, name: string): Promise<SyncHandle> {
  const file: WithSyncHandle = await folder.getFileHandle(name, { create: true });
  if (!file.createSyncAccessHandle) throw new Error("Sync access handles are for dedicated workers only.");
  for (let waited = 0; ; waited += RETRY_MS) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      const taken = error instanceof DOMException && error.name === "NoModificationAllowedError";
      if (!taken || waited >= PATIENCE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function writeAll(handle: SyncHandle, bytes: Bytes, at: number): void {
  const written = handle.write(bytes, { at });
  if (written !== bytes.length) throw new DOMException("Only a part was written.", "QuotaExceededError");
}
