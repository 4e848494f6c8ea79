// The page around the chat: hostile answers, branches, conversations that stay, models to choose from. The model is scripted.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ask, open, state } from "./harness.mjs";
import { chatting, leave, messages, obstacles, pretend } from "./pretence.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** Whatever an answer has in it, it is shown, runs nothing, fetches nothing, and leads nowhere but where it says. */
export async function hostileAnswers(stage) {
  const page = await chatting(stage);
  const before = page.requested.length;
  await ask(page, "something hostile <img src=x onerror='window.hit = 0'>");
  // What writes Markdown and colours programs is the page's own, and its sign may come late.
  const expected = ["markdown.js", "highlighting.js", "icon.svg"].map((file) => `${stage.url}/pkg/${file}`);
  await page.locator("figure.code code .hljs-tag").first().waitFor();
  assert.deepEqual(page.requested.slice(before).filter((url) => !expected.includes(url)), []);
  const text = await page.locator("article.assistant .text").textContent();
  for (const shown of ["<script>window.hit = 1</script>", "<style>body", "<iframe", "<form", "[image: a cat]", "cover</div>"]) {
    assert(text.includes(shown), `the answer does not show ${shown}`);
  }
  assert.equal(await page.locator("article.user .text img").count(), 0);
  const found = await page.locator("article.assistant .text").evaluate((root) => {
    const all = [...root.querySelectorAll("*")];
    const attributes = new Set(all.flatMap((element) => element.getAttributeNames().map((name) => `${element.localName} ${name}`)));
    return { elements: [...new Set(all.map(({ localName }) => localName))], attributes: [...attributes] };
  });
  const allowed = "a br button code div em figcaption figure p pre small span strong table tbody td th thead tr".split(" ");
  assert.deepEqual(found.elements.filter((name) => !allowed.includes(name)), []);
  const known = ["a href", "a rel", "a target", "a title", "span class"];
  const own = ["div class", "div dir", "div tabindex", "figure class", "figure part", "pre tabindex", "button type", "button part", "button aria-label"];
  assert.deepEqual(found.attributes.filter((name) => ![...known, ...own].includes(name)), []);
  const links = await page.locator("article.assistant .text a").evaluateAll((all) =>
    all.map(({ href, title, rel, target }) => ({ href, title, rel, target })),
  );
  assert(links.some(({ href }) => href === "https://example.org/a?b=c&d"), "a good link was lost");
  for (const { href, title, rel, target } of links) {
    assert.match(href, /^(https?|mailto):/);
    assert.equal(title, href);
    assert.deepEqual([rel, target], ["noopener noreferrer nofollow", "_blank"]);
  }
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.equal(await page.locator("header").isVisible(), true);
  await leave(page);
  return `${links.length} links, ${found.elements.length} kinds of elements`;
}

/** Markdown looks the same whether it came at once or in pieces, and finished blocks are not drawn again. */
export async function streams(stage) {
  const page = await chatting(stage, { script: { scriptedPace: 4 } });
  await page.fill("#input", "Write a program");
  await page.press("#input", "Enter");
  await page.locator("figure.code").first().waitFor();
  await page.locator(".prose > p").first().evaluate((paragraph) => (globalThis.kept = paragraph));
  await state(page, "ready", 20_000);
  assert(await page.locator(".prose > p").first().evaluate((paragraph) => paragraph === globalThis.kept), "a finished block was drawn again");
  await page.locator("figure.code code .hljs-keyword").first().waitFor();
  assert.deepEqual(await page.locator("figure.code figcaption span").allTextContents(), ["python", "js"]);
  const streamed = await page.locator(".prose").innerHTML();
  await page.evaluate(() => {
    const chat = document.querySelector("motet-chat");
    chat.messages = chat.messages;
  });
  await page.locator("figure.code code .hljs-title").last().waitFor();
  assert.equal(await page.locator(".prose").innerHTML(), streamed);
  await leave(page);
}

/** The reader who is at the end stays there; who has scrolled up is left alone. */
export async function follows(stage) {
  const page = await chatting(stage, { script: { scriptedPace: 6 }, options: { viewport: { width: 900, height: 500 } } });
  const top = () => page.locator(".scroller").evaluate((scroller) => scroller.scrollTop);
  // Text that has just come is brought into view with the next frame.
  const reachesEnd = () =>
    page.waitForFunction(
      () => {
        const scroller = document.querySelector("motet-chat").shadowRoot.querySelector(".scroller");
        return scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop < 40;
      },
      null,
      { timeout: 1_000 },
    );
  await page.fill("#input", "Tell a story");
  await page.press("#input", "Enter");
  await page.waitForFunction(() => document.querySelector("motet-chat").messages.at(-1)?.content.length > 2_000);
  await reachesEnd();
  await page.locator(".scroller").evaluate((scroller) => (scroller.scrollTop = 60));
  await page.locator(".jump button").waitFor();
  const before = await top();
  await page.waitForTimeout(500);
  assert.equal(await top(), before, "the reader was moved");
  await page.click(".jump button");
  await reachesEnd();
  // What comes between a step to the end and the word of it moves the end away; the reader has not moved.
  await page.evaluate(() => {
    const column = document.querySelector("motet-chat").shadowRoot.querySelector(".scroller").firstElementChild;
    let calls = 0;
    new ResizeObserver(() => {
      calls += 1;
      if (calls === 3) column.append(Object.assign(document.createElement("hr"), { id: "between", style: "height: 300px" }));
    }).observe(column);
  });
  await page.locator("#between").waitFor({ state: "attached" });
  await page.waitForTimeout(300);
  await reachesEnd();
  await page.press("#input", "Escape");
  await leave(page);
}

/** Edit and send again, undo, answer again, go on. */
export async function branches(stage) {
  const page = await chatting(stage);
  await ask(page, "echo one");
  await ask(page, "echo two");
  const both = await messages(page);
  assert.deepEqual(both.map(([, content]) => content), ["echo one", "one", "echo two", "two"]);
  await page.locator("article.user").first().hover();
  await page.locator("article.user [data-action=edit]").first().click();
  assert.equal(await page.inputValue("#edit"), "echo one");
  await page.fill("#edit", "echo three");
  await page.press("#edit", "Enter");
  await page.waitForFunction(() => document.querySelector("motet-chat").messages.at(-1)?.content === "three");
  await state(page, "ready", 5_000);
  assert.deepEqual((await messages(page)).map(([, content]) => content), ["echo three", "three"]);
  await page.click("#undo");
  assert.deepEqual(await messages(page), both);
  assert.equal(await page.locator("#undo").count(), 0);

  await page.click("#new-chat");
  const first = await ask(page, "again?");
  await page.click("[data-action=again]");
  await page.waitForFunction((first) => {
    const last = document.querySelector("motet-chat").messages.at(-1);
    return last?.role === "assistant" && last.content !== first;
  }, first);
  assert.equal((await messages(page)).length, 2);
  await state(page, "ready", 5_000);
  await page.click("#undo");
  assert.equal((await messages(page)).at(-1)[1], first);

  await page.evaluate(() => (document.querySelector("motet-chat").maxTokens = 5));
  await page.click("#new-chat");
  const cut = await ask(page, "Tell a story");
  assert.match(await page.locator("article .note").last().textContent(), /5 tokens .*cut off at the longest answer$/);
  await page.click("[data-action=continue]");
  await page.waitForFunction((cut) => document.querySelector("motet-chat").messages.at(-1).content.length > cut.length, cut);
  await state(page, "ready", 5_000);
  const whole = (await messages(page)).at(-1)[1];
  assert(whole.startsWith(cut) && whole.includes("and so on 4."), whole);
  await leave(page);
}

/** Stopping keeps what there is; a question that got no answer goes back to the field. */
export async function stopsAndReturns(stage) {
  const page = await chatting(stage, { script: { scriptedPace: 15 } });
  await page.fill("#input", "Tell a story");
  await page.press("#input", "Enter");
  await page.waitForFunction(() => document.querySelector("motet-chat").messages.at(-1)?.content.length > 60);
  const ms = await page.evaluate(async () => {
    const start = performance.now();
    document.querySelector("motet-chat").shadowRoot.getElementById("stop").click();
    while (document.body.dataset.state !== "ready") await new Promise((resolve) => setTimeout(resolve, 1));
    return performance.now() - start;
  });
  assert(ms < 200, `stopping took ${Math.round(ms)} ms`);
  assert.match(await page.locator("article.assistant .note").textContent(), /stopped$/);
  const [, [, text]] = await messages(page);
  await page.waitForTimeout(200);
  assert.equal((await messages(page))[1][1], text, "text came after the stop");
  assert.equal(await page.evaluate(() => document.querySelector("motet-chat").shadowRoot.activeElement?.id), "input");

  assert.equal(await ask(page, "silence"), "");
  assert.match(await page.locator("article .note").last().textContent(), /nothing to say/);
  assert.equal(await page.inputValue("#input"), "silence");
  const long = "many words ".repeat(3_000).trim();
  await ask(page, long);
  assert.match(await page.locator("article.assistant .note.error").textContent(), /^The conversation has .*context\.$/);
  assert.equal(await page.inputValue("#input"), long);
  assert.equal((await messages(page)).length, 2, "a question without an answer became part of the conversation");
  assert.equal(await ask(page, "echo still here"), "still here");
  assert.equal(await page.locator("article").count(), 4);
  await leave(page);
  return `stopped in ${Math.round(ms)} ms`;
}

/** Thoughts are folded away; what was left out of a full context is said. */
export async function thinks(stage) {
  const page = await chatting(stage);
  await ask(page, "think: how many?");
  const thought = page.locator("details.thought");
  assert.match(await thought.locator("summary").textContent(), /^Thought for \d+\.\d s$/);
  assert.equal(await thought.locator(".prose").isVisible(), false);
  await thought.locator("summary").click();
  await thought.locator("strong", { hasText: "Two" }).waitFor();
  assert.equal(await page.locator("article.assistant > .text").textContent(), "There are five.");
  for (let turn = 0; turn < 6; turn += 1) await ask(page, `echo ${turn}`);
  assert.match(await page.locator("article.assistant .aside").textContent(), /no longer sees the first 3 messages/);
  await leave(page);
}

/** Everything by keyboard; the focus is never lost. */
export async function keyboard(stage) {
  const page = await chatting(stage, { script: { scriptedPace: 15 } });
  const focused = () =>
    page.evaluate(() => (document.activeElement.shadowRoot?.activeElement ?? document.activeElement).id);
  assert.equal(await focused(), "input");
  await page.keyboard.type("echo first");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second");
  await page.keyboard.press("Enter");
  await page.locator("article.assistant").waitFor();
  await state(page, "ready", 5_000);
  assert.deepEqual((await messages(page))[0], ["user", "echo first\nsecond"]);
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(), "edit");
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "input");
  await page.keyboard.type("Tell a story");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("motet-chat").messages.length === 4);
  await page.keyboard.press("Escape");
  await state(page, "ready", 2_000);
  assert.match(await page.locator("article .note").last().textContent(), /stopped$/);
  assert.equal(await focused(), "input");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("article").count(), 4, "an empty message was sent");

  await page.focus("#open-settings");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#settings").isVisible(), true);
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "open-settings");
  await page.setViewportSize({ width: 400, height: 700 });
  await page.focus("#toggle-sidebar");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "sidebar");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "search");
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "toggle-sidebar");
  assert.equal(await page.locator("#search").isVisible(), false);
  await leave(page);
}

/** Screen readers hear finished sentences, each once. */
export async function speaks(stage) {
  // Slow enough that every sentence is drawn several times before it is whole.
  const page = await chatting(stage, { script: { scriptedPace: 40 } });
  await page.evaluate(() => {
    const spoken = document.querySelector("motet-chat").shadowRoot.getElementById("spoken");
    globalThis.heard = [];
    new MutationObserver((records) => {
      for (const { addedNodes } of records) for (const node of addedNodes) globalThis.heard.push(node.textContent);
    }).observe(spoken, { childList: true });
  });
  await ask(page, "echo The first sentence is here. The second one follows it. And a third.\n\n```py\nprint(1)\n```\n\nThe end.");
  const heard = await page.evaluate(() => globalThis.heard);
  assert.equal(heard[0], "Answering.");
  for (const words of heard) assert.match(words, /[.]$/, "half a sentence was spoken");
  assert.equal(
    heard.slice(1).join(" "),
    "The first sentence is here. The second one follows it. And a third. A block of py. The end.",
  );
  assert.equal(await page.locator("#log").getAttribute("role"), "log");
  await leave(page);
  return `${heard.length} times`;
}

export async function accessible(stage) {
  const seen = [];
  const look = async (page, where) => seen.push(...(await obstacles(page)).map((line) => `${where}: ${line}`));
  const page = await chatting(stage);
  await look(page, "empty");
  await ask(page, "think: how many?");
  await ask(page, "Write a program");
  await ask(page, "something hostile");
  await page.click("details.thought summary");
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await look(page, scheme);
    await page.click("#open-settings");
    await look(page, `settings, ${scheme}`);
    await page.keyboard.press("Escape");
    await page.click("#open-models");
    await page.locator(".model").nth(3).click();
    await page.locator(".preflight [data-act=load]").waitFor();
    await look(page, `models, ${scheme}`);
    await page.keyboard.press("Escape");
    await page.locator("#conversations li button").first().click();
    await look(page, `menu, ${scheme}`);
    await page.keyboard.press("Escape");
  }
  await leave(page);

  const phone = await chatting(stage, { options: PHONE });
  await ask(phone, "Write a program");
  await look(phone, "phone");
  await phone.click("#toggle-sidebar");
  await look(phone, "drawer");
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert(wide <= 0, `the page is ${wide} px too wide`);
  await leave(phone);

  const failed = await pretend(stage, { address: "/?model=missing.gguf" });
  await state(failed, "failed", 10_000);
  await look(failed, "failed");
  await leave(failed);
  const mixture = await chatting(stage, { address: "/?model=an-moe.gguf" });
  await ask(mixture, "Tell a story");
  await mixture.click("#experts summary");
  await look(mixture, "experts");
  await leave(mixture);
  assert.deepEqual(seen, []);
}

/** An answer that has ended is written: a page that is left at once does not lose the end of it. */
export async function writesAtOnce(stage) {
  const page = await chatting(stage, { script: { scriptedPace: 4 } });
  for (const question of ["Tell a story", "echo short"]) {
    await ask(page, question);
    const said = await messages(page);
    await page.reload();
    await state(page, "ready", 15_000);
    await page.waitForFunction((count) => document.querySelector("motet-chat").messages.length === count, said.length);
    assert.deepEqual(await messages(page), said);
  }
  await leave(page);
}

/** Conversations stay: over a reload, by name, by a word in them; deleting can be undone. */
export async function keeps(stage) {
  const page = await chatting(stage);
  await ask(page, "echo The lighthouse has *seven* windows.");
  await page.click("#new-chat");
  await ask(page, "echo Bread needs four things.");
  const said = await messages(page);
  const titles = page.locator("#conversations a span");
  await page.waitForFunction(() => document.querySelectorAll("#conversations a").length === 2);
  assert.match(page.url(), /#\/[\w-]{36}$/);
  await page.reload();
  await state(page, "ready", 15_000);
  await page.waitForFunction(() => document.querySelector("motet-chat").messages.length === 2);
  assert.deepEqual(await messages(page), said);
  assert.match(await page.locator("article .note").textContent(), /tokens\/s/);
  assert.deepEqual(await titles.allTextContents(), ["echo Bread needs four things.", "echo The lighthouse has *seven* windows."]);

  await page.fill("#search", "SEVEN lighthouse");
  await page.waitForFunction(() => document.querySelectorAll("#conversations a").length === 1);
  assert.match(await page.locator("#conversations small").textContent(), /seven windows/);
  await page.fill("#search", "nowhere");
  await page.locator("#conversations .none").waitFor();
  await page.fill("#search", "");
  await page.waitForFunction(() => document.querySelectorAll("#conversations a").length === 2);

  const menu = async (index, act) => {
    await page.locator("#conversations li").nth(index).hover();
    await page.locator("#conversations li button").nth(index).click();
    await page.click(`#menu [data-act=${act}]`);
  };
  await menu(1, "rename");
  await page.fill("#rename", "<b>Lighthouses</b>");
  await page.press("#rename", "Enter");
  await page.waitForFunction(() => document.querySelectorAll("#conversations a span")[1]?.textContent === "<b>Lighthouses</b>");
  await page.locator("#conversations a").nth(1).click();
  await page.waitForFunction(() => document.title === "<b>Lighthouses</b> · Motet");
  await ask(page, "echo More of it.");
  await page.waitForFunction(() => document.querySelector("#conversations a span")?.textContent === "<b>Lighthouses</b>");
  await page.goBack();
  await page.waitForFunction(() => document.querySelector("motet-chat").messages[0]?.content.startsWith("echo Bread"));

  await menu(1, "delete");
  await page.waitForFunction(() => document.querySelectorAll("#conversations a").length === 1);
  assert.equal((await messages(page)).length, 0, "the deleted conversation is still open");
  await page.locator(".toast .link").click();
  await page.waitForFunction(() => document.querySelectorAll("#conversations a").length === 2);
  await page.waitForFunction(() => document.querySelector("motet-chat").messages[0]?.content.startsWith("echo Bread"));
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll("#conversations a").length === 2);
  await leave(page);
}

async function saved(page, act) {
  const [download] = await Promise.all([page.waitForEvent("download"), act()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

/** What was exported comes back in another profile; files that are something else are refused in a sentence. */
export async function exchanges(stage) {
  const page = await chatting(stage);
  await ask(page, "think: how many?");
  await page.click("#new-chat");
  await ask(page, "echo Second **thing**");
  await page.waitForFunction(() => document.querySelectorAll("#conversations a").length === 2);
  const all = await saved(page, () => page.click("#export-all"));
  assert.match(all.name, /^motet-conversations-\d{4}-\d\d-\d\d\.json$/);
  const { conversations } = JSON.parse(all.text);
  assert.deepEqual(conversations.map(({ title }) => title), ["echo Second **thing**", "think: how many?"]);
  await page.locator("#conversations li").first().hover();
  await page.locator("#conversations li button").first().click();
  const markdown = await saved(page, () => page.click("#menu [data-act=markdown]"));
  assert.equal(markdown.name, "echo-Second-thing.md");
  assert.match(markdown.text, /^# echo Second \*\*thing\*\*\n\n.*\n\n\*\*You\*\*\n\necho Second \*\*thing\*\*\n\n\*\*SmolLM2 135M Instruct\*\*\n\nSecond \*\*thing\*\*\n$/);
  await leave(page);

  const other = await chatting(stage);
  const give = async (name, text) => {
    await other.setInputFiles("#import-file", { name, mimeType: "application/json", buffer: Buffer.from(text) });
    await other.waitForFunction(() => document.querySelector(".toast p"));
    const sentence = await other.locator(".toast p").textContent();
    await other.locator(".toast .dismiss").click();
    return sentence;
  };
  assert.equal(await give("a.json", all.text), "2 conversations imported.");
  assert.equal(await other.locator("#conversations a").count(), 2);
  await other.locator("#conversations a", { hasText: "think" }).click();
  await other.locator("details.thought").waitFor();
  assert.equal(await give("a.json", all.text), "0 conversations imported, 2 were here already.");
  const first = conversations[0];
  const damaged = (more) => JSON.stringify({ format: "motet-conversations", version: 1, conversations: [first, { ...first, ...more }] });
  const refused = [
    ["noise.json", "GGUF\u0003"],
    ["other.json", "[]"],
    ["null.json", "null"],
    ["later.json", JSON.stringify({ format: "motet-conversations", version: 2, conversations: [] })],
    ["messages.json", damaged({ id: "new-conversation", messages: [{ role: "robot", content: "x" }] })],
    ["content.json", damaged({ id: "new-conversation", messages: [{ role: "user", content: { toString: "x" } }] })],
    ["time.json", damaged({ id: "new-conversation", updated: "yesterday" })],
    ["id.json", damaged({ id: "<b>" })],
  ];
  const sentences = [];
  for (const [name, text] of refused) {
    const sentence = await give(name, text);
    assert.match(sentence, /“.*”.*[.]$/);
    assert.doesNotMatch(sentence, /imported\.$(?<!nothing was imported\.)|undefined|\[object|Unexpected/);
    sentences.push(sentence);
  }
  assert.equal(await other.locator("#conversations a").count(), 2, "something of a refused file came in");
  await leave(other);
  return sentences.map((sentence) => `\n    ${sentence}`).join("");
}

/** Nothing of a model but its header is read before the reader has seen what it takes. */
export async function picks(stage) {
  const page = await chatting(stage);
  const loaded = () => page.evaluate(() => String(globalThis.scriptedLoad.source));
  const first = await loaded();
  await page.click("#open-models");
  await page.locator(".model", { hasText: "OLMoE" }).click();
  const verdict = page.locator(".preflight .verdict");
  await verdict.waitFor();
  assert.equal(await verdict.textContent(), "4.2 GB of weights, 50 MB of cache at 4,096 tokens; this device allows 1 GB a buffer: fits.");
  assert.equal(await loaded(), first);
  await stage.shot(page, "models");
  await page.fill("#address", "https://example.org/huge.gguf");
  await page.press("#address", "Enter");
  await page.waitForFunction(() => document.querySelector("#address-preflight .verdict")?.textContent.includes("does not fit"));
  await page.fill("#address", "owner/repository/missing.gguf");
  await page.click("#address-form button");
  await page.waitForFunction(() => document.querySelector("#address-preflight .error")?.textContent.includes("is not there"));
  assert.equal(await page.locator("#address-preflight [data-act=load]").count(), 0);
  assert.match(await page.locator("#storage").innerText(), /2 models, 312 MB, and 0 conversations/);
  await page.locator("li", { hasText: "Qwen3" }).locator("[data-act=remove]").click();
  await page.waitForFunction(() => /1 model, 98 MB/.test(document.querySelector("#storage").textContent));
  assert.equal(await loaded(), first);
  await page.locator(".model", { hasText: "Granite" }).click();
  await page.locator(".preflight [data-act=load]").click();
  await page.waitForFunction(() => document.getElementById("model-name").textContent.startsWith("Granite"));
  assert.match(await loaded(), /granite-3\.1-1b-a400m/);
  assert.equal(await page.locator("#models").isVisible(), false);
  await leave(page);
}

/** Drops `name` on `selector`, as a hand with a file would. */
function drop(page, name, selector) {
  return page.evaluate(
    ({ name, selector }) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["GGUF"], name));
      const target = document.querySelector(selector);
      for (const type of ["dragenter", "dragover"]) {
        target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true, composed: true }));
      }
      const seen = !document.getElementById("drop").hidden;
      target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true, composed: true }));
      return seen;
    },
    { name, selector },
  );
}

export async function drops(stage) {
  const page = await chatting(stage);
  assert.equal(await drop(page, "mine-moe.gguf", "header"), true, "nothing shows where to drop it");
  await page.locator("#toggle-experts").waitFor();
  assert.equal(await page.evaluate(() => globalThis.scriptedLoad.source.name), "mine-moe.gguf");
  await state(page, "ready", 5_000);
  assert.equal(await page.locator("#drop").isVisible(), false);
  await drop(page, "letter.pdf", "motet-chat");
  assert.equal(await page.locator(".toast p").textContent(), "“letter.pdf” is not a model: drop a file whose name ends in .gguf.");
  assert.equal(await page.evaluate(() => document.body.dataset.state), "ready");
  await leave(page);
}

/** Settings are sent with every question, and are there again after a reload. */
export async function settles(stage) {
  const page = await chatting(stage);
  await page.click("#open-settings");
  await page.fill("#system", "Be brief.");
  await page.fill("#temperature", "0");
  await page.fill("#top-p", "0.5");
  await page.fill("#min-p", "0.05");
  await page.fill("#repetition-penalty", "1.1");
  await page.fill("#max-tokens", "77");
  await page.fill("#seed", "7");
  await page.fill("#context-length", "512");
  await page.selectOption("#kv", "q8");
  await page.check("#settings [value=dark]");
  await page.click("#reload");
  await page.waitForFunction(() => globalThis.scriptedLoad.options.kv === "q8");
  assert.equal(await page.evaluate(() => globalThis.scriptedLoad.options.contextLength), 512);
  await state(page, "ready", 5_000);
  const asked = async () => {
    await ask(page, "echo x");
    const { stream, ...rest } = await page.evaluate(() => globalThis.scriptedAsk);
    return { ...rest, messages: rest.messages.slice(0, 1) };
  };
  const expected = {
    messages: [{ role: "system", content: "Be brief." }],
    temperature: 0,
    top_p: 0.5,
    min_p: 0.05,
    repetition_penalty: 1.1,
    max_tokens: 77,
    seed: 7,
    truncation: "auto",
  };
  assert.deepEqual(await asked(), expected);
  const dark = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await dark(), "rgb(23, 20, 19)");
  await page.reload();
  await state(page, "ready", 15_000);
  assert.equal(await dark(), "rgb(23, 20, 19)");
  assert.deepEqual(await asked(), expected);
  await page.click("#open-settings");
  await page.click("#reset-settings");
  await page.click("#settings [type=submit]");
  await ask(page, "echo y");
  const { temperature, min_p, seed } = await page.evaluate(() => globalThis.scriptedAsk);
  assert.deepEqual([temperature, min_p, seed], [0.2, undefined, undefined]);
  await leave(page);
}

/** The map of experts counts what came in this answer, live, and says it in words too. */
export async function experts(stage) {
  const dense = await chatting(stage);
  assert.equal(await dense.locator("#toggle-experts").isVisible(), false);
  await leave(dense);
  const page = await chatting(stage, { address: "/?model=an-moe.gguf", script: { scriptedPace: 4 } });
  await page.locator("#experts-map").waitFor();
  const painted = () =>
    page.locator("#experts-map").evaluate((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.reduce((sum, value, place) => sum + (place % 4 === 3 && value > 0 ? 1 : 0), 0);
    });
  assert.equal(await painted(), 0);
  await page.fill("#input", "Tell a story");
  await page.press("#input", "Enter");
  await page.waitForFunction(() => /^[\d,]+ choices in this answer/.test(document.getElementById("experts-summary").textContent));
  assert.equal(await page.evaluate(() => document.body.dataset.state), "answering", "the map is not live");
  assert((await painted()) > 1_000, "nothing is drawn");
  await stage.shot(page, "experts");
  await state(page, "ready", 30_000);
  const choices = async () => Number(/^[\d,]+/.exec(await page.locator("#experts-summary").textContent())[0].replaceAll(",", ""));
  await page.waitForTimeout(400);
  const counted = await page.evaluate(async () => (await window.motet.experts()).counts.reduce((sum, count) => sum + count, 0));
  assert.equal(await choices(), counted);
  await page.click("#experts summary");
  await page.locator("#experts-words li").last().waitFor(); // the event of its opening comes a task later
  assert.equal(await page.locator("#experts-words li").count(), 16);
  assert.match(await page.locator("#experts-words li").first().textContent(), /^expert \d+ \([\d.]+ %\), .*of 64 used$/);
  await ask(page, "echo short");
  await page.waitForTimeout(400);
  assert((await choices()) < counted / 10, "the map does not begin anew with an answer");
  await page.click("#close-experts");
  assert.equal(await page.locator("#experts").isVisible(), false);
  await leave(page);
}

/** After one visit the page opens without a network. The service worker is the real one; models it leaves alone. */
export async function offline(stage) {
  const page = await open(stage.browser);
  await page.goto(stage.url);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(async () => (await caches.keys()).length > 0);
  const kept = await page.evaluate(async () => {
    const [name] = await caches.keys();
    return (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname);
  });
  assert(kept.includes("/index.html") && kept.includes("/pkg/chat.js") && kept.includes("/pkg/page.js"), kept.join(", "));
  assert(!kept.some((file) => file.includes("gguf")), "a model is in the page's cache");
  await page.context().setOffline(true);
  await page.reload();
  await page.waitForFunction(() => customElements.get("motet-chat") && document.querySelector("motet-chat").shadowRoot);
  await page.locator("#conversations .none").waitFor();
  assert.equal(await page.locator("h1").textContent(), "Motet");
  await page.context().setOffline(false);
  await leave(page);
  return `${kept.length} files`;
}
