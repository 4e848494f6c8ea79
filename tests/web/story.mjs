// The browser's story: the chat page in headless Chromium, with the real model on a software GPU.
//
//   node tests/web/story.mjs --url http://127.0.0.1:PORT [--screenshots FOLDER] [--fixture FILE] [--only WORD]
//
// The server at --url holds the repository's root with a built pkg/, and the default model under /models/.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { launch, root, Runner, swiftshader } from "./harness.mjs";
import * as bad from "./bad.mjs";
import * as good from "./good.mjs";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    screenshots: { type: "string", default: path.join(root, "target", "screenshots") },
    fixture: { type: "string", default: path.join(root, "tests", "fixtures", "smollm2.json") },
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
  adapter: undefined,
  /** A row of docs/tested.md. */
  note: (architecture, model) => {
    const { MOTET_TABLE: table } = process.env;
    const row = [architecture, model, `Chromium ${stage.browser.version()}, SwiftShader`, "true", "ids"];
    if (table) appendFileSync(table, `${row.join("\t")}\n`);
  },
};
const stories = [
  ["answers", 120_000, good.answers],
  ["first token and speed", 120_000, good.speed],
  ["greedy ids", 300_000, good.greedyIds],
  ["greedy ids without subgroups", 300_000, good.greedyIdsWithoutSubgroups],
  ["mixtures", 180_000, good.mixtures],
  ["stops on demand", 180_000, good.stops],
  ["runs do not mix", 180_000, good.runsDoNotMix],
  ["bench", 120_000, good.bench],
  ["measures on demand", 180_000, good.measures],
  ["fits a phone, dark", 60_000, good.phone],
  ["hostile text is text", 30_000, bad.hostileText],
  ["bad models", 120_000, bad.badModels],
  ["prompt longer than the context", 120_000, bad.longPrompt],
  ["engine crashes", 60_000, bad.crash],
  ["adapter too small", 30_000, bad.smallAdapter],
  ["no WebGPU", 60_000, bad.noWebGpu],
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
