// A server of folders by their prefixes and of a model, with ranges, for pages that are measured.
import { createReadStream, statSync } from "node:fs";
import http from "node:http";
import path from "node:path";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

/** Serves `folders`, `{ "/prefix/": folder }`, and `model` as /model.gguf; `fileOf` gives the file behind a path, if there is one. */
export async function serve(folders, model) {
  const fileOf = (pathname) => {
    if (pathname === "/model.gguf") return model;
    const [prefix, folder] = Object.entries(folders).find(([prefix]) => pathname.startsWith(prefix)) ?? [];
    const file = folder && path.join(folder, path.normalize(`/${pathname.slice(prefix.length)}`));
    return file && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
  };
  const server = http.createServer((request, response) => {
    const file = fileOf(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    if (!file) return response.writeHead(404).end();
    const { size } = statSync(file);
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = range ? Number(range[1]) : 0;
    const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
    response.writeHead(range ? 206 : 200, {
      "Accept-Ranges": "bytes",
      "Cache-Control": "no-cache",
      "Content-Length": end - start + 1,
      "Content-Type": TYPES[path.extname(file)] ?? "application/octet-stream",
      // Threads need an isolated page; the peers use them where they can.
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Cross-Origin-Opener-Policy": "same-origin",
      ETag: `"${size}"`,
      ...(range ? { "Content-Range": `bytes ${start}-${end}/${size}` } : {}),
    });
    if (request.method === "HEAD") return response.end();
    createReadStream(file, { start, end, highWaterMark: 1 << 20 }).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, fileOf, close: () => server.close() };
}
