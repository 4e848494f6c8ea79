/**
 * The page's service worker. It keeps the page's own files, so that the page opens without a network; models it never
 * touches, they have a store of their own.
 *
 * `FILES` and `BUILD` are put in by the build: what the page consists of, and a hash of it.
 */

declare const FILES: readonly string[];
declare const BUILD: string;

// The library of pages, which this project compiles with, has no types for workers of this kind.
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope {
  readonly registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}

const worker = self as unknown as Scope;
const PREFIX = "motet-page-";
const NAME = `${PREFIX}${BUILD}`;
const PAGE = new URL("index.html", location.href).href;
const ROOT = new URL("./", location.href).href;
const own = new Set(FILES.map((file) => new URL(file, location.href).href));

worker.addEventListener("install", (event) => {
  event.waitUntil(install());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const address = request.url.split(/[?#]/)[0] ?? "";
  if (request.mode === "navigate" && (address === PAGE || address === ROOT)) event.respondWith(page(event));
  else if (own.has(address)) event.respondWith(file(request, address));
});

async function install(): Promise<void> {
  const cache = await caches.open(NAME);
  // What the browser has in its own cache may be older than this worker.
  await cache.addAll([PAGE, ...own].map((address) => new Request(address, { cache: "no-cache" })));
  await worker.skipWaiting();
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== NAME).map((name) => caches.delete(name)));
}

/**
 * The page itself comes from the network whenever there is one. When it is another than the one that is kept, its files
 * are, too: all of them then come from the network, until the next worker has kept them.
 */
async function page(event: Fetching): Promise<Response> {
  const cache = await caches.open(NAME);
  const kept = await cache.match(PAGE);
  try {
    const fresh = await fetch(event.request);
    if (!kept || !fresh.ok) return fresh;
    if ((await fresh.clone().text()) !== (await kept.text())) await caches.delete(NAME);
    return fresh;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function file(request: Request, address: string): Promise<Response> {
  const cache = await caches.open(NAME);
  return (await cache.match(address)) ?? fetch(request);
}

export {};
