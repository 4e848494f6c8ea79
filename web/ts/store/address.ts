/**
 * What people call a model by, and the addresses that are fetched for it.
 *
 * The rule, which asks nothing of the network, so that the same words always mean the same place:
 *
 * 1. A name of the registry ("smollm2", in any case) is that model.
 * 2. What has a scheme ("https://…") or begins with "/", "./" or "../" is an address.
 * 3. "org/repo/file.gguf", and "org/repo/folder/file.gguf", are files of huggingface.co: two slashes at least, only
 *    letters, digits, ".", "_" and "-" in org and repo, ".gguf" at the end. Where org is a word that the hub keeps for
 *    pages of its own ("models", "datasets", …) there can be no such repository, and rule 4 applies.
 * 4. Anything else is an address relative to the page: "model.gguf", "models/model.gguf", "models/small/model.gguf".
 *
 * So a file of the page's own server in a folder of a folder is best written with "./" in front.
 */

import { namedModel } from "./registry.js";

/** Where a model's first file is. */
export interface ModelAddress {
  /** The file's name, for people. */
  readonly name: string;
  /** Absolute http(s) addresses of one and the same file, the first choice first. */
  readonly addresses: readonly [string, ...string[]];
}

const HUB = "https://huggingface.co";
const HUB_PART = /^[A-Za-z0-9][\w.-]*$/;
/** First parts of paths that are the hub's own pages, hence nobody's name. */
const HUB_PAGES = new Set(["api", "collections", "datasets", "docs", "models", "spaces"]);

/**
 * The addresses of a model; `base` is the page's own, from which relative ones start.
 *
 * @throws Error with a sentence when the text can be no address, or one that a page cannot fetch.
 */
export function modelAddress(model: string, base: string): ModelAddress {
  const text = model.trim();
  if (text === "") throw new Error("No model was named: give an address, a hub id (org/repo/file.gguf) or a name.");
  const sources = namedModel(text)?.sources;
  if (sources) return { name: fileName(sources[0]), addresses: sources };
  const address = hubAddress(text) ?? absolute(text, base);
  return { name: fileName(address), addresses: [address] };
}

/** The last part of an address's path, or the host where there is none. */
export function fileName(address: string): string {
  const { pathname, host } = new URL(address);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last) || host;
  } catch {
    // A "%" that encodes nothing.
    return last;
  }
}

/** An address as people should see it: queries can hold signatures. */
export function shown(address: string): string {
  return address.split(/[?#]/, 1)[0] ?? address;
}

/** Whether the hub serves it, whose refusals mean more than others'. */
export function isOfHub(address: string): boolean {
  return new URL(address).origin === HUB;
}

function hubAddress(text: string): string | undefined {
  const [organisation = "", repository = "", ...path] = text.split("/");
  if (path.length === 0 || !/\.gguf$/i.test(text)) return undefined;
  if (![organisation, repository].every((part) => HUB_PART.test(part)) || HUB_PAGES.has(organisation)) return undefined;
  if (path.some((part) => part === "" || part === "." || part === ".." || /[?#\\:]/.test(part))) return undefined;
  return `${HUB}/${organisation}/${repository}/resolve/main/${path.map(encodeURIComponent).join("/")}`;
}

function absolute(text: string, base: string): string {
  if (!URL.canParse(text, base)) throw new Error(`"${text}" is no address of a model: check how it is written.`);
  const url = new URL(text, base);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Error(`"${shown(text)}" cannot be fetched by a page: give an http(s) address, or open the file itself.`);
  }
  url.hash = "";
  return url.href;
}
