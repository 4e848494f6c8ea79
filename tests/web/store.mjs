// The store of weights in headless Chromium: what it keeps, what it never gives out, and how fast it is.
//
//   node tests/web/store.mjs [--only WORD]
//
// STORE_SEED is the seed of the offsets at which connections are cut.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch, Runner } from "./harness.mjs";
import { bundled, sha256 } from "./store.page.mjs";
import * as keeping from "./store.keeping.mjs";
import { crash, speed } from "./store.profile.mjs";
import * as pure from "./store.pure.mjs";
import { ModelServer, randomBytes, servePage } from "./store.server.mjs";
import * as sharing from "./store.sharing.mjs";
import * as unruly from "./store.unruly.mjs";

const FILE_BYTES = 40 * 2 ** 20 - 54_321;
const FILE_SEED = 7;

/** Name, limit in milliseconds, and the story; each is told `{ browser }`. */
export const stories = [
  ["store: addresses", 20_000, pure.addresses],
  ["store: files of one model", 20_000, pure.shards],
  ["store: journals", 60_000, pure.journals],
  ["store: keeps what it fetched", 60_000, keeping.keeps],
  ["store: blobs", 20_000, keeping.blobs],
  ["store: cut and reloaded", 180_000, keeping.cuts],
  ["store: goes on in the middle", 60_000, keeping.goesOn],
  ["store: damaged files", 60_000, keeping.damage],
  ["store: torn journals", 120_000, keeping.tornJournals],
  ["store: wrong bytes from the server", 60_000, unruly.wrongBytes],
  ["store: the server changed", 120_000, unruly.serverChanged],
  ["store: servers without ranges", 120_000, unruly.withoutRanges],
  ["store: short answers", 60_000, unruly.shortAnswers],
  ["store: two tabs", 120_000, sharing.twoTabs],
  ["store: no room", 120_000, sharing.noRoom],
  ["store: removal", 60_000, sharing.removal],
  ["store: model of two files", 60_000, sharing.shardedModel],
  ["store: abort", 60_000, sharing.abort],
  ["store: refusals", 120_000, unruly.refusals],
  ["store: finishes", 60_000, keeping.finishes],
  ["store: the browser dies", 120_000, crash],
  ["store: speed", 180_000, speed],
].map(([name, limitMs, tell]) => [name, limitMs, ({ browser }) => staged(browser, tell)]);

/** Tells a story with a page and a server of its own. */
async function staged(browser, tell) {
  const server = await new ModelServer(randomBytes(FILE_BYTES, FILE_SEED)).listen();
  const page = await servePage(await bundled("tests/web/store.worker.mjs"));
  const digest = sha256(server.body);
  try {
    return await tell({ browser, server, page, digest });
  } finally {
    server.close();
    page.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
  const chosen = stories.filter(([name]) => name.includes(values.only));
  assert(chosen.length > 0, `no story has "${values.only}" in its name`);
  const runner = new Runner();
  for (const [name, limitMs, tell] of chosen) {
    const browser = await launch([]);
    await runner.story(name, limitMs, () => tell({ browser }));
    await browser.close();
  }
  console.log(`test result: ${runner.failed > 0 ? "FAILED" : "ok"}. ${runner.passed} passed; ${runner.failed} failed`);
  process.exitCode = runner.failed > 0 ? 1 : 0;
}
