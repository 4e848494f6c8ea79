// Several loads at once, no room, removal, and loads that are given up.
import assert from "node:assert/strict";
import { begin, loadWell, MIB, openPage, PIECE, theOne } from "./store.page.mjs";

export async function twoTabs(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  const other = await openPage(stage, driver.page.context());
  // Both at once: one keeps it, both get it.
  const loads = await Promise.all([driver.load(server.url), other.load(server.url)]);
  for (const { digest } of loads) assert.equal(digest, stage.digest);
  const told = loads.flatMap(({ notices }) => notices);
  assert.equal(told.length, 1, JSON.stringify(told));
  assert.match(told[0], /^This model is being stored by another tab or another load: .*\.$/);
  assert.equal((await theOne(driver)).complete, true);
  // Two loads of one tab.
  await driver.ask("remove", { model: server.url });
  await driver.ask("open", { id: 1, address: server.url });
  await driver.ask("open", { id: 2, address: server.url });
  const digests = await Promise.all([1, 2].map((id) => driver.ask("readAll", { id })));
  assert.deepEqual(digests, [stage.digest, stage.digest]);
  assert.equal((await driver.ask("state", { id: 2 })).notices.length, 1);
  // Stored whole by now, though the first has not closed it: others read what is there.
  server.behave({ dead: true });
  await loadWell(stage, other);
  for (const id of [1, 2]) await driver.ask("close", { id });
  // Whole: any number may read it at once, and a piece that is damaged is still found out.
  server.behave();
  await driver.ask("damage", { name: "data", flips: [PIECE + 1] });
  await driver.ask("open", { id: 1, address: server.url });
  await other.ask("open", { id: 1, address: server.url });
  assert.equal(await other.ask("readAll", { id: 1 }), stage.digest);
  assert.equal(await driver.ask("readAll", { id: 1 }), stage.digest);
  for (const each of [driver, other]) await each.ask("close", { id: 1 });
  // On the page's own thread, too.
  server.behave({ dead: true });
  await driver.askPage("open", { id: 9, address: server.url, options: {} });
  assert.equal(await driver.askPage("readAll", { id: 9 }), stage.digest);
  await driver.askPage("close", { id: 9 });
  await driver.close();
}

export async function noRoom(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  const cdp = await driver.page.context().newCDPSession(driver.page);
  const origin = new URL(stage.page.url).origin;
  const quota = (quotaSize) => cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
  // Known beforehand: nothing is begun.
  await driver.ask("sayOfRoom", { left: 20 * MIB });
  const told = await loadWell(stage, driver);
  assert.equal(told.notices.length, 1);
  assert.match(told.notices[0], /^Storage is full: the model runs, and is downloaded again next time; .*\.$/);
  assert.deepEqual(await driver.ask("list"), []);
  const twice = told.fetched - server.body.length;
  assert(twice >= 0 && twice <= 2 * PIECE, `${twice} bytes were fetched twice, more than what overlaps`);
  // Found out while writing: what fits is kept, and gone on with. (What Chromium says beforehand is no measurement.)
  await driver.reload();
  await quota(20 * MIB);
  const found = await loadWell(stage, driver);
  assert.equal(found.notices.length, 1);
  assert.match(found.notices[0], /^Storage is full/);
  const { storedBytes, complete } = await theOne(driver);
  assert(!complete && storedBytes >= 3 * PIECE && storedBytes <= 20 * MIB, `${storedBytes} bytes are kept`);
  await driver.reload();
  server.behave();
  const again = await loadWell(stage, driver);
  assert.equal(again.notices.length, 1);
  assert(again.fromStore >= storedBytes && server.log[0].start === storedBytes);
  // There is room again.
  await cdp.send("Storage.overrideQuotaForOrigin", { origin });
  assert.deepEqual((await loadWell(stage, driver)).notices, []);
  assert.equal((await theOne(driver)).complete, true);
  // Pages can ask that nothing be cleared; what a headless browser says to that is its affair.
  assert.equal(typeof (await driver.askPage("persist")), "boolean");
  assert.equal(await driver.ask("persist"), false);
  // No folder at all.
  await driver.ask("withoutFolder");
  const without = await loadWell(stage, driver);
  assert.match(without.notices[0], /^This browser keeps no files for this page/);
  assert.deepEqual(await driver.ask("list"), []);
  assert.equal(await driver.ask("remove", { model: server.url }), false);
  await driver.close();
  return `\n    ${told.notices[0]}\n    ${without.notices[0]}`;
}

export async function removal(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  await loadWell(stage, driver);
  assert.equal(await driver.askPage("remove", { model: `${server.url}x` }), false);
  assert.equal(await driver.askPage("remove", { model: `  ${server.url}#there ` }), true);
  assert.deepEqual(await driver.askPage("list"), []);
  assert.equal(await driver.askPage("remove", { model: server.url }), false);
  // Relative to a page, and by hub id, which is another place.
  await loadWell(stage, driver);
  assert.equal(await driver.askPage("remove", { model: "folder/model.gguf" }), false);
  assert.equal(await driver.askPage("remove", { model: "org/folder/model.gguf" }), false);
  assert.equal(await driver.askPage("remove", { model: "../folder/model.gguf", base: `${server.origin}/app/` }), true);
  // While it is loaded it is not taken away.
  await driver.ask("open", { id: 1, address: server.url });
  await driver.ask("read", { id: 1, offset: 0, length: MIB });
  const { sentence } = await driver.refusal("remove", { model: server.url });
  assert.match(sentence, /^model.gguf is being loaded, here or in another tab/);
  assert.equal(await driver.ask("readAll", { id: 1 }), stage.digest);
  await driver.ask("close", { id: 1 });
  assert.equal(await driver.ask("remove", { model: server.url }), true);
  // What turns out to be no model leaves nothing.
  await driver.ask("open", { id: 1, address: server.url });
  await driver.ask("read", { id: 1, offset: 0, length: MIB });
  await driver.ask("discard", { id: 1 });
  await driver.refusal("read", { id: 1, offset: 0, length: 1 });
  assert.deepEqual(await driver.ask("list"), []);
  assert.equal(await driver.ask("remove", { model: server.url }), false);
  // A journal that says nothing any more: its files go with the next listing.
  await loadWell(stage, driver);
  await driver.ask("damage", { name: "journal", cut: 40 });
  assert.deepEqual(await driver.ask("list"), []);
  assert.equal(await driver.ask("remove", { model: server.url }), false);
  await driver.close();
  return `\n    ${sentence}`;
}

export async function shardedModel(stage) {
  const driver = await begin(stage);
  const file = (number) => `${stage.server.origin}/m-0000${number}-of-00002.gguf`;
  await driver.load(file(1));
  const { length } = stage.server.body;
  assert.deepEqual([(await theOne(driver)).complete, (await theOne(driver)).source], [false, file(1)]);
  await driver.load(file(2));
  const { lastUsed: _, ...model } = await theOne(driver);
  const [bytes, name] = [2 * length, "m-00001-of-00002.gguf"];
  assert.deepEqual(model, { source: file(1), name, bytes, storedBytes: bytes, complete: true });
  assert.equal(await driver.ask("remove", { model: file(1) }), true);
  assert.deepEqual(await driver.ask("list"), []);
  await driver.close();
}

export async function abort(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  server.onChunk = (at) => at >= 14 * MIB && new Promise((resolve) => setTimeout(resolve, 50));
  await driver.ask("open", { id: 1, address: server.url });
  const reading = driver.tell("readAll", { id: 1 });
  await driver.page.waitForFunction((bytes) => window.fetched > bytes, 14 * MIB);
  await driver.ask("abort", { id: 1 });
  assert.equal((await reading).error, "It was given up.", "the signal's reason");
  assert.equal((await driver.tell("read", { id: 1, offset: 39 * MIB, length: 1 })).error, "It was given up.");
  await driver.ask("close", { id: 1 });
  assert.equal((await driver.ask("pieces")).length, 3);
  // While it is being opened.
  server.behave({ cutAt: 0 });
  const opening = driver.tell("open", { id: 2, address: server.url }).catch(() => "gone");
  await driver.page.waitForTimeout(200);
  // The reader is not there yet: the page goes instead, worker and all.
  await driver.reload();
  assert.equal(await opening, "gone");
  server.behave();
  const state = await loadWell(stage, driver);
  assert.equal(state.fetched, server.body.length - 3 * PIECE);
  assert.deepEqual(state.notices, [], "what a dead worker had is free again");
  await driver.close();
}
