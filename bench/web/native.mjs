// What a browser leaves of the speed that the same code has natively on the same adapter, SwiftShader: decode steps of Motet in a page
// and by `motet bench`, in turn, medians of --runs runs each.
//
//   cargo build --release -p motet-cli && cargo xtask build-web
//   node bench/web/native.mjs --gguf FILE --icd FILE [--motet target/release/motet] [--runs 3]
//
// --icd names SwiftShader's Vulkan driver, as it lies beside Chromium.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { launch, root, swiftshader } from "../../tests/web/harness.mjs";
import { serve } from "./server.mjs";

const { values } = parseArgs({
  options: {
    gguf: { type: "string" },
    icd: { type: "string" },
    motet: { type: "string", default: path.join(root, "target", "release", "motet") },
    runs: { type: "string", default: "3" },
  },
});
assert(values.gguf && values.icd, "--gguf and --icd are missing: give the file of SmolLM2 and of SwiftShader's driver");

const LIMIT_MS = 300_000;
/** A prompt so that shaders are compiled, then steps with an empty cache. */
const MEASURING = { prefill: [8], decodeAt: [0] };

const { origin, close } = await serve({ "/pages/": path.join(root, "bench", "web"), "/motet/": path.join(root, "pkg") }, values.gguf);
const browser = await launch(swiftshader);

async function inPage() {
  const page = await browser.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(`${origin}/pages/motet.html`);
  await page.waitForFunction(() => window.interactiveMs !== undefined);
  const report = await page.evaluate((measuring) => window.measure("/model.gguf", measuring), MEASURING);
  await page.close();
  return report;
}

async function natively() {
  const { prefill, decodeAt } = MEASURING;
  const options = ["--prefill", prefill.join(), "--decode-at", decodeAt.join(), "--json"];
  const { stdout } = await promisify(execFile)(values.motet, ["bench", values.gguf, ...options], {
    env: { ...process.env, VK_DRIVER_FILES: values.icd },
    timeout: LIMIT_MS,
  });
  return JSON.parse(stdout);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const steps = { native: [], browser: [] };
try {
  for (let i = 0; i < Number(values.runs); i++) {
    for (const [where, run] of [["native", natively], ["browser", inPage]]) {
      const { adapter, decode } = await run();
      assert(adapter.software, `${adapter.name} is no software adapter: both are to run on SwiftShader`);
      steps[where].push(decode[0].ms);
      console.log(`${where}: ${decode[0].ms.toFixed(0)} ms a step (${adapter.name})`);
    }
  }
} finally {
  await browser.close();
  close();
}
const share = (100 * median(steps.native)) / median(steps.browser);
console.log(`medians: ${median(steps.native).toFixed(0)} and ${median(steps.browser).toFixed(0)} ms; the browser reaches ${share.toFixed(0)} % of native decode`);
