// What a page pays for an engine before it answers: bytes over the wire, time until the engine can be called, time to a first
// token on a first visit and on the next one, memory of the browser. Motet, wllama and transformers.js, the same model, one
// browser after the other; medians of --runs visits, each in a profile of its own.
//
//   npm install --prefix PEERS @wllama/wllama@3.8.1 @huggingface/transformers@4.3.1
//   cargo xtask build-web && node bench/web/start.mjs --gguf FILE --peers PEERS [--onnx FOLDER] [--runs 3] [--only WORD]
//
// FOLDER has the model as transformers.js wants it, in smollm2/; without it, that engine's sizes and loading alone are measured.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { quiet, swiftshader } from "../../tests/web/harness.mjs";
import { serve } from "./server.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..", "..");
const { chromium } = createRequire(path.join(root, "web", "package.json"))("playwright-core");
const { values } = parseArgs({
  options: {
    gguf: { type: "string" },
    peers: { type: "string", default: "" },
    onnx: { type: "string", default: "" },
    runs: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});
assert(values.gguf, "--gguf is missing: give the file of SmolLM2");

const PROMPT = "The lighthouse keeper climbed the stairs every evening to light the lamp, and every morning";
const LIMIT_MS = 300_000;

const MODELS = ["/model.gguf", "/onnx/"];
const { origin, fileOf, close } = await serve(
  { "/pages/": here, "/motet/": path.join(root, "pkg"), "/peers/": path.join(values.peers, "node_modules"), "/onnx/": values.onnx },
  values.gguf,
);

/** Compressed, as a server would keep it. */
const compressed = new Map();
function overTheWire(file) {
  if (!compressed.has(file)) {
    const body = readFileSync(file);
    const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
    compressed.set(file, brotliCompressSync(body, { params: quality }).length);
  }
  return compressed.get(file);
}

/** Memory of a process and those below it in bytes: pages that several have count once in all. */
function memoryOf(pid) {
  const below = new Map();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, "utf8"))[1];
      below.set(parent, [...(below.get(parent) ?? []), entry]);
    } catch {
      // It has ended.
    }
  }
  let sum = 0;
  const left = [String(pid)];
  for (let process = left.pop(); process; process = left.pop()) {
    left.push(...(below.get(process) ?? []));
    try {
      sum += 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${process}/smaps_rollup`, "utf8"))[1]);
    } catch {
      // It has ended.
    }
  }
  return sum;
}

/** A visit: what was fetched, and what the page says of its time. */
async function visit(context, engine) {
  const page = await context.newPage();
  const fetched = new Set();
  // Of workers, too.
  context.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (!MODELS.some((model) => pathname.startsWith(model))) fetched.add(fileOf(decodeURIComponent(pathname)));
  });
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(`${origin}/pages/${engine.page}.html`);
  await page.waitForFunction(() => window.interactiveMs !== undefined);
  const seen = await page.evaluate(
    async ({ model, prompt }) => {
      const before = performance.now();
      const { text, ...rest } = model ? await window.answer(model, prompt) : { text: "" };
      return { interactiveMs: window.interactiveMs, tokenMs: window.interactiveMs + performance.now() - before, text, ...rest };
    },
    { model: engine.model, prompt: PROMPT },
  );
  await page.close();
  fetched.delete(undefined);
  return { ...seen, files: [...fetched] };
}

async function run(engine) {
  const profile = mkdtempSync(path.join(os.tmpdir(), "motet-start-"));
  const before = new Set(readdirSync("/proc"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--headless=new", ...quiet, ...swiftshader],
  });
  const browsers = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && !before.has(name));
  const [browser] = browsers.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(profile)).sort((a, b) => a - b);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, memoryOf(browser))), 250);
  try {
    const first = await visit(context, engine);
    const next = await visit(context, engine);
    return { first, next, most };
  } finally {
    clearInterval(watch);
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const gguf = `${origin}/model.gguf`;
const engines = [
  { name: "motet", page: "motet", model: gguf },
  { name: "wllama", page: "wllama", model: gguf },
  { name: "transformers.js", page: "transformers", model: values.onnx && "smollm2" },
].filter(({ name }) => name.includes(values.only) && (name === "motet" || values.peers));

console.log("| engine | over the wire, kB (brotli) | raw, kB | can be called, ms | first token, first visit, s | next visit, s | memory, MB |");
console.log("|---|---|---|---|---|---|---|");
for (const engine of engines) {
  const runs = [];
  for (let i = 0; i < Number(values.runs); i += 1) runs.push(await run(engine));
  const of = (get) => median(runs.map(get));
  const { files } = runs[0].first;
  const sum = (size) => Math.round(files.reduce((total, file) => total + size(file), 0) / 1000);
  const seconds = (get) => (engine.model ? (of(get) / 1000).toFixed(1) : "");
  console.log(
    `| ${engine.name} | ${sum(overTheWire)} | ${sum((file) => statSync(file).size)} | ${Math.round(of(({ next }) => next.interactiveMs))} | ` +
      `${seconds(({ first }) => first.tokenMs)} | ${seconds(({ next }) => next.tokenMs)} | ${engine.model ? Math.round(of(({ most }) => most) / 1e6) : ""} |`,
  );
  for (const { first, next } of runs.slice(0, 1)) console.error(engine.name, JSON.stringify({ ...first, files: first.files.length }), next.text, files);
}
close();
