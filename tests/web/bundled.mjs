// The package as others ship it: built by Vite without a configuration, and what it weighs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { open, root, serve } from "./harness.mjs";

const MODEL = ["granitemoe", "BF16.gguf"];
/** Bytes over the wire for what every page loads: wasm, JavaScript and CSS of the chat page, compressed by brotli. */
const MOST_BYTES = 1_500_000;
/** Loaded when used. */
const LATER = /^(motet_grammar|highlighting)/;

const require = createRequire(path.join(root, "web", "package.json"));

/** examples/vite with the package installed from pkg/ as npm would, built. */
function built() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "motet-vite-"));
  cpSync(path.join(root, "examples", "vite"), folder, { recursive: true });
  const { files } = JSON.parse(readFileSync(path.join(root, "pkg", "package.json"), "utf8"));
  for (const name of ["package.json", ...files]) {
    cpSync(path.join(root, "pkg", name), path.join(folder, "node_modules", "motet", name), { recursive: true });
  }
  symlinkSync(path.join(root, "web", "node_modules", "vite"), path.join(folder, "node_modules", "vite"), "junction");
  const vite = path.join(path.dirname(require.resolve("vite/package.json")), "bin", "vite.js");
  execFileSync(process.execPath, [vite, "build", "--logLevel", "warn"], { cwd: folder, stdio: "inherit" });
  return folder;
}

export async function vite(stage) {
  const folder = built();
  const dist = path.join(folder, "dist");
  const server = http.createServer((request, response) => {
    const name = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
    const types = { html: "text/html", js: "text/javascript", wasm: "application/wasm", css: "text/css" };
    try {
      const body = readFileSync(path.join(dist, name));
      response.writeHead(200, { "Content-Type": types[name.split(".").pop()] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const [model, file] = MODEL;
  const models = await serve({ [file]: readFileSync(path.join(root, "tests", "fixtures", "models", model, file)) });
  try {
    const page = await open(stage.browser);
    await page.goto(`http://127.0.0.1:${server.address().port}/?model=${models.url}/${file}`);
    await page.waitForFunction(() => document.querySelector("output")?.textContent.length > 0, null, { timeout: 90_000 });
    const text = await page.locator("output").textContent();
    assert.deepEqual(page.trouble, []);
    assert(!text.startsWith("Error"), text);
    await page.context().close();
  } finally {
    server.close();
    models.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function sizes() {
  const compressed = (name) =>
    brotliCompressSync(readFileSync(path.join(root, "pkg", name)), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11 },
    }).length;
  const all = readdirSync(path.join(root, "pkg")).filter((name) => /\.(js|css|wasm)$/.test(name));
  const [now, later] = [all.filter((name) => !LATER.test(name)), all.filter((name) => LATER.test(name))].map((names) =>
    names.reduce((sum, name) => sum + compressed(name), 0),
  );
  assert(now <= MOST_BYTES, `${now} bytes`);
  return `${Math.round(now / 1e3)} kB by brotli, and ${Math.round(later / 1e3)} kB when used`;
}
