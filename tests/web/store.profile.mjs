// What needs a profile on the disk: contexts of the other stories keep their files in memory.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { quiet, root } from "./harness.mjs";
import { MIB, openPage, PIECE } from "./store.page.mjs";

const { chromium } = createRequire(path.join(root, "web", "package.json"))("playwright-core");

async function withProfile(work) {
  const folder = mkdtempSync(path.join(tmpdir(), "motet-store-"));
  const start = () =>
    chromium.launchPersistentContext(folder, {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: ["--headless=new", ...quiet],
    });
  try {
    return await work(start);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** The whole browser dies in the middle of a load, and another one goes on. */
export async function crash(stage) {
  const { server } = stage;
  return withProfile(async (start) => {
    const first = await start();
    const driver = await openPage(stage, first);
    server.behave();
    server.onChunk = (at) => at >= 22 * MIB && new Promise((resolve) => setTimeout(resolve, 50));
    await driver.ask("open", { id: 1, address: server.url });
    const reading = driver.tell("readAll", { id: 1 }).catch(() => "dead");
    await driver.page.waitForFunction((bytes) => window.fetched > bytes, 22 * MIB);
    const dead = new Promise((resolve) => first.once("close", resolve));
    const cdp = await first.newCDPSession(driver.page);
    cdp.send("Browser.crash").catch(() => undefined);
    await dead;
    assert.equal(await reading, "dead");
    const second = await start();
    try {
      const driver = await openPage(stage, second);
      server.behave();
      const { digest, fetched } = await driver.load(server.url);
      assert.equal(digest, stage.digest);
      assert.equal(fetched, server.body.length - 5 * PIECE, "what had come was lost");
    } finally {
      await second.close();
    }
  });
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Cold, warm, and without keeping: the medians of three. */
export async function speed(stage) {
  const { server } = stage;
  const megabytes = server.body.length / 1e6;
  return withProfile(async (start) => {
    const context = await start();
    try {
      const driver = await openPage(stage, context);
      const rate = async (options) => {
        await driver.ask("open", { id: 1, address: server.url, options });
        const milliseconds = await driver.ask("time", { id: 1 });
        await driver.ask("close", { id: 1 });
        return (megabytes * 1000) / milliseconds;
      };
      const seen = { cold: [], warm: [], unkept: [] };
      for (let round = 0; round < 3; round += 1) {
        server.behave();
        await driver.ask("remove", { model: server.url });
        seen.cold.push(await rate());
        seen.unkept.push(await rate({ store: false }));
        server.behave({ dead: true });
        seen.warm.push(await rate());
      }
      const [cold, warm, unkept] = [seen.cold, seen.warm, seen.unkept].map((rates) => Math.round(median(rates)));
      assert(cold > 1 && warm > 1, JSON.stringify(seen));
      return `cold ${cold} MB/s, warm ${warm} MB/s, without keeping ${unkept} MB/s`;
    } finally {
      await context.close();
    }
  });
}
