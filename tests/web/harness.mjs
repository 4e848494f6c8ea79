// What the stories stand on: Chromium through playwright-core, a small runner, and a server for bad files.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
const { chromium } = createRequire(path.join(root, "web", "package.json"))("playwright-core");

/** Chromium without what it does on its own. */
export const quiet = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** WebGPU on the CPU: slow, the same everywhere, and with subgroups of 4. */
export const swiftshader = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

export function launch(flags) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--headless=new", ...quiet, ...flags],
  });
}

/** A page of a fresh profile; `trouble` collects what no story may cause. */
export async function open(browser, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.trouble = [];
  page.on("pageerror", (error) => page.trouble.push(`uncaught: ${error.message}`));
  page.on("dialog", (dialog) => {
    page.trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) page.trouble.push(message.text());
  });
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((task) => task.duration))).observe(
      { type: "longtask", buffered: true },
    );
  });
  return page;
}

/** Waits until the page is in one of `states` (see `data-state` of its body). */
export function state(page, states, timeout) {
  return page.waitForFunction((wanted) => wanted.includes(document.body.dataset.state), [states].flat(), { timeout });
}

/** Sends a message as a person would, and returns the answer's text once it is complete. */
export async function ask(page, question, timeout = 60_000) {
  const taken = page.evaluate(
    () =>
      new Promise((resolve) => {
        document.querySelector("motet-chat").addEventListener("motet-message", resolve, { once: true });
      }).then(() => true),
  );
  await page.fill("#input", question);
  await page.press("#input", "Enter");
  await taken;
  await state(page, ["ready", "failed"], timeout);
  return page.locator("article.assistant > .text").last().textContent();
}

/** Sets the temperature by the settings dialog. */
export async function setTemperature(page, value) {
  await page.click("#open-settings");
  await page.fill("#temperature", String(value));
  await page.click("#settings button[type=submit]");
}

/** Milliseconds that dedicated workers' threads have run on a core so far, of all browsers of this machine; Linux tells. */
export function workersMs() {
  let sum = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const folder = `/proc/${pid}/task/${thread}`;
        if (!readFileSync(`${folder}/comm`, "utf8").startsWith("DedicatedWorker")) continue;
        sum += Number(readFileSync(`${folder}/schedstat`, "utf8").split(" ")[0]) / 1e6;
      }
    } catch {
      // It has ended.
    }
  }
  return sum;
}

/** Serves byte arrays by name on a port of its own, with ranges, to any origin. */
export async function serve(files) {
  const server = http.createServer((request, response) => {
    const body = files[new URL(request.url, "http://localhost").pathname.slice(1)];
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "Range");
    response.setHeader("Access-Control-Expose-Headers", "Content-Range, Content-Length, Accept-Ranges");
    if (request.method === "OPTIONS") return response.end();
    if (!body) return response.writeHead(404).end();
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = range ? Number(range[1]) : 0;
    const end = Math.min(range?.[2] ? Number(range[2]) + 1 : body.length, body.length);
    if (start >= body.length) return response.writeHead(416, { "Content-Range": `bytes */${body.length}` }).end();
    const headers = { "Accept-Ranges": "bytes", "Content-Length": end - start };
    if (range) headers["Content-Range"] = `bytes ${start}-${end - 1}/${body.length}`;
    response.writeHead(range ? 206 : 200, headers);
    response.end(request.method === "HEAD" ? undefined : body.subarray(start, end));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Runs stories one after the other, each within its time, and counts. */
export class Runner {
  passed = 0;
  failed = 0;

  constructor(screenshots) {
    this.screenshots = screenshots;
    if (screenshots) mkdirSync(screenshots, { recursive: true });
  }

  async shot(page, name) {
    if (this.screenshots) await page.screenshot({ path: path.join(this.screenshots, `${name}.png`) });
  }

  async story(name, limitMs, tell) {
    const start = Date.now();
    const seconds = () => ((Date.now() - start) / 1000).toFixed(1);
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${limitMs / 1000} s`)), limitMs);
    });
    try {
      const remark = await Promise.race([tell(), late]);
      this.passed += 1;
      console.log(`${name}: ok (${seconds()} s)${remark ? `; ${remark}` : ""}`);
    } catch (error) {
      this.failed += 1;
      console.log(`${name}: FAILED (${seconds()} s): ${error.stack ?? error}`);
    } finally {
      clearTimeout(timer);
    }
  }
}
