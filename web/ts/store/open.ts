/** From an address to a reader. */

import { fileName, modelAddress } from "./address.js";
import { type Disk, OwnDisk, SharedDisk } from "./disk.js";
import { keyOf, storeFolder } from "./folder.js";
import { PIECE_BYTES } from "./pieces.js";
import type { Reader } from "./reader.js";
import { Notices } from "./room.js";
import { Shelf } from "./shelf.js";
import { StoredReader } from "./stored.js";

export interface OpenOptions {
  /** The file's name, for people; the address's last part if absent. */
  readonly name?: string | undefined;
  /** Ends the opening and every read, which then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to keep the file, and to use what is kept. Default true. */
  readonly store?: boolean | undefined;
  /** Told, once at most, why the file is not kept. */
  readonly onNotice?: ((sentence: string) => void) | undefined;
  /** Told how many bytes have come from the server, as they come. */
  readonly onFetched?: ((bytes: number) => void) | undefined;
  /** Bytes of a piece of what is stored anew. */
  readonly pieceBytes?: number | undefined;
}

/**
 * Opens an absolute address (see `modelAddress`) through the store. What is stored whole is used without asking the
 * server; what is half stored is gone on with if the server still has that version, and thrown away if not.
 *
 * For dedicated workers. Elsewhere files that are stored whole can be read, and nothing is kept.
 *
 * @throws ReadError, whose reason is "missing" where there is no such file; the signal's reason once that is aborted.
 */
export async function openStored(address: string, options: OpenOptions = {}): Promise<Reader> {
  const { signal, store = true, pieceBytes = PIECE_BYTES } = options;
  signal?.throwIfAborted();
  const [absolute] = modelAddress(address, location.href).addresses;
  const notices = new Notices(options.onNotice);
  const shelf = store ? await shelfOf(absolute, notices) : undefined;
  return StoredReader.open({
    address: absolute,
    name: options.name ?? fileName(absolute),
    pieceBytes,
    shelf,
    signal,
    notices,
    onFetched: (bytes) => options.onFetched?.(bytes),
  });
}

async function shelfOf(address: string, notices: Notices): Promise<Shelf | undefined> {
  const folder = await storeFolder(true);
  if (!folder) {
    notices.unavailable();
    return undefined;
  }
  const key = await keyOf(address);
  let refused = false;
  const own = await OwnDisk.open(folder, key).catch(() => {
    refused = true;
    return undefined;
  });
  if (own) return shelfOn(own, address);
  // What another opening has can be read once it is whole.
  const shared = await SharedDisk.open(folder, key).then((disk) => shelfOn(disk, address), () => undefined);
  if (shared?.complete) return shared;
  if (refused) notices.unavailable();
  else notices.elsewhere();
  return undefined;
}

async function shelfOn(disk: Disk, address: string): Promise<Shelf> {
  try {
    return await Shelf.open(disk, address);
  } catch (error) {
    await disk.close();
    throw error;
  }
}
