/** How the engine opens files: through the store by address, or from the `Blob` that the user gave. */

import { blobReader, modelAddress, openStored, type Reader, ReadError } from "./store/index.js";

/** Gives a reader of an address, or undefined where there is no such file. */
export type Open = (address: string) => Promise<Reader | undefined>;

export interface Files {
  /** What the engine asks `open` for first, and for other files beside it. */
  address: string;
  open: Open;
  /** Bytes that readers have given out from the store. */
  fromStore(): number;
  /** Stores what loading had no need of, and lets the files go. */
  finish(): Promise<void>;
  /** Lets the files go, and forgets what turned out to be no model. */
  giveUp(isNoModel: boolean): Promise<void>;
}

export interface Opening {
  store: boolean;
  onNotice: (sentence: string) => void;
  /** Told that bytes have come from a server. */
  onFetched: () => void;
}

/** The files of a model; `source` is an absolute address, a hub id, a registered name, or a `Blob`. */
export function filesOf(
  source: string | Blob,
  name: string,
  options: Opening,
): Files {
  const readers: Reader[] = [];
  const each = (work: (reader: Reader) => Promise<void>): Promise<unknown> => Promise.all(readers.map(work));
  const opened = (reader: Reader): Reader => {
    readers.push(reader);
    return reader;
  };
  const { address, open } = source instanceof Blob ? ofBlob(source, name) : ofAddress(source, options);
  return {
    address,
    open: async (address) => {
      const reader = await open(address);
      return reader && opened(reader);
    },
    fromStore: () => readers.reduce((sum, reader) => sum + reader.fromStore, 0),
    finish: async () => {
      await each((reader) => reader.finish());
      await each((reader) => reader.close());
    },
    giveUp: async (isNoModel) => {
      await each((reader) => (isNoModel ? reader.discard() : reader.close()));
    },
  };
}

function ofBlob(blob: Blob, name: string): { address: string; open: Open } {
  // The engine takes what ends otherwise for a folder.
  const address = /\.gguf$/i.test(name) ? encodeURIComponent(name) : `${encodeURIComponent(name)}.gguf`;
  return {
    address,
    open: async (wanted) => {
      if (wanted === address) return blobReader(blob, name);
      throw new Error(`The model's other file ${decodeURIComponent(wanted)} was not given: open it by its address.`);
    },
  };
}

function ofAddress(
  source: string,
  { store, onNotice, onFetched }: Opening,
): { address: string; open: Open } {
  const [address, ...others] = modelAddress(source, location.href).addresses;
  const openOne: Open = async (wanted) => {
    try {
      return await openStored(wanted, { store, onNotice, onFetched });
    } catch (error) {
      if (error instanceof ReadError && error.reason === "missing") return undefined;
      throw error;
    }
  };
  return {
    address,
    open: async (wanted) => {
      if (wanted !== address) return openOne(wanted);
      let failure: unknown;
      for (const one of [address, ...others]) {
        try {
          const reader = await openOne(one);
          if (reader) return reader;
        } catch (error) {
          failure ??= error;
        }
      }
      if (failure) throw failure;
      return undefined;
    },
  };
}
