/**
 * The pieces of one file that are stored, and the order in which they come to be so.
 *
 * A piece: data.write, data.flush, journal.write. A line of the journal therefore speaks of bytes that are on the disk; when
 * the tab, the browser or the machine dies in between, the piece has no line, or a torn one, and is fetched again. Lines are
 * flushed every few pieces and at the end: to lose some costs fetching again, no more.
 * A new file, or a new version: journal.truncate(0) and flush, so that nothing is claimed any more; data.truncate(0); then
 * the header, and flush. Data of two versions cannot meet: lines count for the version of their header only.
 * None of this is trusted when reading. Each piece is hashed when it is first read in an opening and compared with its
 * line; one that differs is forgotten, fetched again, has to have that hash, and is written over the old one. Its line
 * stays as it was, so a death in the middle leaves a piece that differs again.
 */

import { type Disk, OwnDisk } from "./disk.js";
import { type Header, headerLine, type Journal, parseJournal, pieceLine, storedBytes, usedLine } from "./journal.js";
import { type Bytes, Layout, sha256 } from "./pieces.js";

/** Pieces whose lines are flushed together. */
const LINES_PER_FLUSH = 8;

export class Shelf {
  #journal: Journal | undefined;
  #layout = new Layout(0, 1);
  /** Where the next line goes. */
  #end = 0;
  #unflushed = 0;
  readonly #verified = new Set<number>();
  /** Pieces that differed from their hash. */
  readonly #damaged = new Set<number>();
  #own: OwnDisk | undefined;

  private constructor(private readonly disk: Disk) {
    this.#own = disk instanceof OwnDisk ? disk : undefined;
  }

  /** What the files hold for `address`; nothing if their journal speaks of another one, or not at all. */
  static async open(disk: Disk, address: string): Promise<Shelf> {
    const shelf = new Shelf(disk);
    const journal = parseJournal(await disk.journal());
    if (journal?.header.address === address) {
      shelf.#take(journal);
      shelf.#own?.cutJournal(journal.end);
    }
    return shelf;
  }

  get header(): Header | undefined {
    return this.#journal?.header;
  }

  get complete(): boolean {
    return this.#journal !== undefined && this.#journal.hashes.size === this.#layout.count;
  }

  /** Bytes that a journal has lines for. */
  get storedBytes(): number {
    return this.#journal ? storedBytes(this.#journal) : 0;
  }

  /** Whether this opening may write. */
  get writable(): boolean {
    return this.#own !== undefined;
  }

  /** Whether a piece is there, as far as is known. */
  has(index: number): boolean {
    return this.#journal !== undefined && this.#journal.hashes.has(index) && !this.#damaged.has(index);
  }

  /** The hash that a piece has to have, once it was known. */
  hash(index: number): string | undefined {
    return this.#journal?.hashes.get(index);
  }

  /** A piece's bytes as they were when they were stored; undefined if they are not there, or no longer. */
  async read(index: number): Promise<Bytes | undefined> {
    if (!this.has(index)) return undefined;
    try {
      const length = this.#layout.length(index);
      const bytes = await this.disk.read(this.#layout.start(index), length);
      if (bytes.length === length && (this.#verified.has(index) || (await sha256(bytes)) === this.hash(index))) {
        this.#verified.add(index);
        return bytes;
      }
    } catch {
      // Files that another opening has changed meanwhile, or that the disk no longer gives.
    }
    this.#damaged.add(index);
    return undefined;
  }

  /** Notes that the file is used now. */
  touch(): void {
    if (!this.#journal) return;
    try {
      this.#own?.writeJournal(usedLine(Date.now()), 0);
    } catch {
      // The time is lost, nothing else.
    }
  }

  /** Forgets whatever is there. */
  clear(): void {
    const own = this.#own;
    if (!own || !this.#journal) return;
    own.cutJournal(0);
    own.flushJournal();
    own.cutData(0);
    this.#forget();
  }

  /**
   * Begins to store another file or version.
   *
   * @throws DOMException, QuotaExceededError when there is no room.
   */
  begin(header: Header): void {
    const own = this.#own;
    if (!own) return;
    own.cutJournal(0);
    own.flushJournal();
    own.cutData(0);
    this.#forget();
    const used = Date.now();
    const text = usedLine(used) + headerLine(header);
    own.writeJournal(text, 0);
    own.flushJournal();
    this.#take({ header, lastUsed: used, hashes: new Map(), end: text.length });
  }

  /**
   * Stores a piece, unless it is there already or this opening does not write.
   *
   * @throws DOMException, QuotaExceededError when there is no room.
   */
  write(index: number, bytes: Bytes, hash: string): void {
    const [own, journal] = [this.#own, this.#journal];
    if (!own || !journal || this.has(index)) return;
    own.writeData(bytes, this.#layout.start(index));
    own.flushData();
    if (!journal.hashes.has(index)) {
      const text = pieceLine(journal.header, index, hash);
      own.writeJournal(text, this.#end);
      this.#end += text.length;
      journal.hashes.set(index, hash);
      this.#unflushed += 1;
    }
    this.#damaged.delete(index);
    this.#verified.add(index);
    if (this.#unflushed >= LINES_PER_FLUSH || this.complete) this.#flush();
  }

  /** Writes no more; what is there can be read. */
  freeze(): void {
    this.#own = undefined;
  }

  /** Nothing is stored from here on, and nothing is left behind. */
  async discard(): Promise<void> {
    this.#forget();
    this.#own = undefined;
    if (this.disk instanceof OwnDisk) await this.disk.remove();
    else await this.disk.close();
  }

  async close(): Promise<void> {
    try {
      if (this.#unflushed > 0) this.#flush();
    } catch {
      // Lines that were not flushed may be lost; pieces without one are fetched again.
    }
    await this.disk.close();
  }

  #take(journal: Journal): void {
    this.#journal = journal;
    this.#layout = new Layout(journal.header.size, journal.header.pieceBytes);
    this.#end = journal.end;
  }

  #forget(): void {
    this.#journal = undefined;
    this.#verified.clear();
    this.#damaged.clear();
    this.#end = 0;
  }

  #flush(): void {
    this.#own?.flushJournal();
    this.#unflushed = 0;
  }
}
