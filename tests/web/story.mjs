// The browser's story: the chat page in headless Chromium, with the real model on a software GPU.
//
//   node tests/web/story.mjs --url http://127.0.0.1:PORT [--screenshots FOLDER] [--fixture FILE] [--upcycled FILE] [--only WORD]
//
// The mixture that `cargo xtask upcycle` writes is --upcycled. MOTET_FULL is set for every story and every case of them.
// The server at --url holds the repository's root with a built pkg/, and the default model under /models/.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { launch, root, Runner, swiftshader } from "./harness.mjs";
import * as bad from "./bad.mjs";
import * as bundled from "./bundled.mjs";
import * as element from "./element.mjs";
import * as good from "./good.mjs";
import * as package_ from "./package.mjs";
import * as page from "./page.mjs";
import * as store from "./store.mjs";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    screenshots: { type: "string", default: path.join(root, "target", "screenshots") },
    fixture: { type: "string", default: path.join(root, "tests", "fixtures", "smollm2.json") },
    upcycled: { type: "string", default: "" },
    only: { type: "string", default: "" },
  },
});
assert(values.url, "--url is missing: give the address of a server of the repository's root");

const runner = new Runner(values.screenshots);
const stage = {
  url: values.url.replace(/\/$/, ""),
  // The three chats: as many as a software GPU does in a minute or two. Native tests do the others.
  prompts: JSON.parse(readFileSync(values.fixture, "utf8")).prompts.slice(0, 3),
  shot: (page, name) => runner.shot(page, name),
  upcycled: values.upcycled,
  adapter: undefined,
  /** A row of docs/tested.md. */
  note: (architecture, model) => {
    const { MOTET_TABLE: table } = process.env;
    const row = [architecture, model, `Chromium ${stage.browser.version()}, SwiftShader`, "true", "ids"];
    if (table) appendFileSync(table, `${row.join("\t")}\n`);
  },
};
/** Of the store's stories, those of the ordinary run. */
const STORE = ["store: addresses", "store: journals", "store: keeps what it fetched", "store: goes on in the middle", "store: damaged files",
  "store: wrong bytes from the server", "store: removal"];

/** The stories of a module whose model is scripted, by their names. */
function named(what, module) {
  const words = (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return Object.entries(module).map(([name, tell]) => [`${what}: ${words(name)}`, 90_000, tell]);
}

const stories = [
  ["answers", 180_000, good.answers],
  ["first token and speed", 120_000, good.speed],
  ["greedy ids", 300_000, good.greedyIds],
  ["greedy ids without subgroups", 300_000, good.greedyIdsWithoutSubgroups],
  ["mixtures", 180_000, good.mixtures],
  ["stops on demand", 180_000, good.stops],
  ["runs do not mix", 240_000, good.runsDoNotMix],
  ["bench", 120_000, good.bench],
  ["measures on demand", 180_000, good.measures],
  ["fits a phone, dark", 120_000, good.phone],
  ["without a network", 180_000, good.withoutNetwork],
  ["a file dropped", 120_000, good.dropped],
  ...(values.upcycled ? [["upcycled", 600_000, good.upcycled]] : []),
  ["bad models", 180_000, bad.badModels],
  ["prompt longer than the context", 120_000, bad.longPrompt],
  ["engine crashes", 120_000, bad.crash],
  ["adapter too small", 30_000, bad.smallAdapter],
  ["no WebGPU", 60_000, bad.noWebGpu],
  ["package: OpenAI's calls", 300_000, package_.openAi],
  ["package: answers of a form", 900_000, package_.forms],
  ["package: sessions", 180_000, package_.sessions],
  ["package: lost devices and workers", 300_000, package_.recovers],
  ["package: the store", 180_000, package_.stored],
  ["package: the fastest kernels", 180_000, package_.tunes],
  ["package: a header", 60_000, package_.inspects],
  ["package: built by Vite", 120_000, bundled.vite],
  ["package: sizes", 60_000, bundled.sizes],
  ...named("page", page),
  ...named("element", element),
  ...store.stories.filter(([name]) => process.env.MOTET_FULL || STORE.includes(name)),
];
const chosen = stories.filter(([name]) => name.includes(values.only));
assert(chosen.length > 0, `no story has "${values.only}" in its name`);
for (const [name, limitMs, tell] of chosen) {
  // A browser of its own for each: an empty cache, and nothing left over from a story that failed.
  stage.browser = await launch(swiftshader);
  await runner.story(name, limitMs, () => tell(stage));
  stage.version = stage.browser.version();
  await stage.browser.close();
}
// For `cargo xtask test`, in the words that the native tests use.
const { MOTET_REPORT: report } = process.env;
if (report && stage.adapter) appendFileSync(report, `story\tChromium ${stage.version}, ${stage.adapter}\n`);
console.log(`test result: ${runner.failed > 0 ? "FAILED" : "ok"}. ${runner.passed} passed; ${runner.failed} failed`);
process.exitCode = runner.failed > 0 ? 1 : 0;
