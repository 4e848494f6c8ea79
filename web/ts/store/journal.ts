/**
 * The journal of a stored file: what it is, and the hash of each piece that is there. It is text, a line for each fact:
 *
 *     used 0001764320000000 5d1f0c2a
 *     file {"address":"https://…","name":"model.gguf","size":98362432,…} 8f3be0d1
 *     0 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 71c2a60e
 *     1 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752 e0a44d12
 *
 * Each line ends with its CRC-32, so a line that was torn or damaged counts as absent; a piece's is computed over the
 * file's `generation` as well, so that no line can pass for one of another version of the file. The first line has a fixed
 * length and is written over at each opening; whatever happens to it, only the time is lost.
 */

import type { Identity } from "./identity.js";
import { Layout } from "./pieces.js";

/** What is stored. */
export interface Header {
  readonly address: string;
  /** For people. */
  readonly name: string;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly pieceBytes: number;
  readonly identity: Identity;
  /** Random, new for each version. */
  readonly generation: string;
}

export interface Journal {
  readonly header: Header;
  /** When it was opened last, in milliseconds since 1970; 0 if that was lost. */
  readonly lastUsed: number;
  /** SHA-256 of the pieces that are there. */
  readonly hashes: Map<number, string>;
  /** Where the last whole line ends, in bytes. */
  readonly end: number;
}

/** The first line. */
export function usedLine(milliseconds: number): string {
  return line(`used ${String(milliseconds).padStart(16, "0")}`);
}

/** The second line. */
export function headerLine(header: Header): string {
  const json = JSON.stringify(header);
  // A character is a byte: what is not ASCII is escaped.
  const ascii = json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return line(`file ${ascii}`);
}

export function pieceLine({ generation }: Header, index: number, hash: string): string {
  return line(`${index} ${hash}`, generation);
}

/** Reads as much as is whole; undefined if it does not even say what is stored. `text` has a character for each byte. */
export function parseJournal(text: string): Journal | undefined {
  const end = text.lastIndexOf("\n") + 1;
  const [first = "", second = "", ...lines] = text.slice(0, end).split("\n");
  const header = parseHeader(checked(second));
  if (!header) return undefined;
  const { count } = new Layout(header.size, header.pieceBytes);
  const hashes = new Map<number, string>();
  for (const each of lines) {
    const [, index, hash] = /^(\d+) ([0-9a-f]{64})$/.exec(checked(each, header.generation)) ?? [];
    if (hash !== undefined && Number(index) < count) hashes.set(Number(index), hash);
  }
  return { header, lastUsed: Number(/^used (\d{16})$/.exec(checked(first))?.[1] ?? 0), hashes, end };
}

/** Bytes of the file that are there. */
export function storedBytes({ header, hashes }: Journal): number {
  const layout = new Layout(header.size, header.pieceBytes);
  return [...hashes.keys()].reduce((sum, index) => sum + layout.length(index), 0);
}

/** Characters to bytes, one for one; the journal is ASCII. */
export function encodeJournal(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes to characters, one for one, whatever the bytes are. */
export function decodeJournal(bytes: Uint8Array | ArrayBuffer): string {
  return new TextDecoder("latin1").decode(bytes);
}

function parseHeader(text: string): Header | undefined {
  if (!text.startsWith("file ")) return undefined;
  // The checksum has spoken for the text, so this is what `headerLine` wrote.
  return JSON.parse(text.slice("file ".length)) as Header;
}

function line(text: string, salt = ""): string {
  return `${text} ${crc32(salt + text)}\n`;
}

/** A line's text without its checksum, or nothing if that is wrong. */
function checked(written: string, salt = ""): string {
  const at = written.lastIndexOf(" ");
  const text = written.slice(0, Math.max(at, 0));
  return at > 0 && written.slice(at + 1) === crc32(salt + text) ? text : "";
}

/** CRC-32 (IEEE 802.3) of a text of single-byte characters, as eight hexadecimal digits. */
function crc32(text: string): string {
  let crc = -1;
  for (let at = 0; at < text.length; at += 1) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (~crc >>> 0).toString(16).padStart(8, "0");
}
