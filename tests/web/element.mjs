// `<motet-chat>` in other people's pages. The model is scripted.
import assert from "node:assert/strict";
import { leave, messages, obstacles, pretend } from "./pretence.mjs";

/** As strict as a page can be that runs scripts at all: no style of its own, nothing from elsewhere. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";

/** A foreign page, which has the element in two lines. */
async function visit(stage, markup, { policy = POLICY, ...more } = {}) {
  const body = `<!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Somebody's page</title>
    <script type="module" src="/pkg/chat.js"></script></head>
    <body><h1>Somebody's page</h1>${markup}</body></html>`;
  const headers = { "Content-Type": "text/html", "Content-Security-Policy": policy };
  // The first page only opens the profile; the one that counts is served by what stands in.
  const page = await pretend(stage, { address: "/pkg/chat.js", ...more });
  await page.context().route("**/somebody.html", (route) => route.fulfill({ headers, body }));
  await page.goto(`${stage.url}/somebody.html`);
  await page.waitForFunction(() => customElements.get("motet-chat") && document.querySelector("motet-chat").state);
  return page;
}

function reaches(page, state) {
  return page.waitForFunction((state) => document.querySelector("motet-chat").state === state, state, { timeout: 10_000 });
}

/** Sends a message as a person would; the page around has no state of its own. */
async function answer(page, question) {
  await page.fill("#input", question);
  await page.press("#input", "Enter");
  await reaches(page, "ready");
  return page.locator("article.assistant > .text").last().textContent();
}

/** The page in examples/plain is what it says: two lines, and a chat that asks before it loads. */
export async function plainExample(stage) {
  const page = await pretend(stage, { address: "/examples/plain/index.html" });
  await reaches(page, "idle");
  assert.equal(await page.evaluate(() => globalThis.scriptedLoad), undefined, "it loaded unasked");
  await page.locator("motet-chat [part~=load]").click();
  await reaches(page, "ready");
  assert.match(await answer(page, "What is the capital of France?"), /Paris/);
  await leave(page);
}

/** Two lines under a strict policy: nothing is loaded unasked, then it answers, with style and colours. */
export async function twoLines(stage) {
  const page = await visit(stage, '<motet-chat model="models/small.gguf"></motet-chat>');
  const button = page.locator("#load");
  await page.waitForFunction(() => /98 MB/.test(document.querySelector("motet-chat").shadowRoot.getElementById("load")?.textContent));
  assert.equal(await button.textContent(), "Load model (98 MB)");
  assert.match(await page.locator("#loader-status").innerText(), /98 MB of weights, .* fits\.$/);
  assert.equal(await page.evaluate(() => globalThis.scriptedLoad), undefined, "the model was loaded unasked");
  assert.equal(await page.locator("#send").isDisabled(), true);
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    assert.deepEqual(await obstacles(page), []);
  }
  await button.click();
  await reaches(page, "ready");
  assert.equal(await page.evaluate(() => document.querySelector("motet-chat").shadowRoot.activeElement?.id), "input");
  await answer(page, "Write a program");
  await page.locator("figure.code .hljs-keyword").first().waitFor();
  assert.deepEqual(await obstacles(page), []);
  const colour = await page.locator("#send").evaluate((button) => getComputedStyle(button).borderRadius);
  assert.notEqual(colour, "0px", "the element has no style");
  await answer(page, "something hostile");
  assert.equal(await page.evaluate(() => window.hit), undefined);
  const strangers = page.requested.filter((url) => !url.startsWith(`${stage.url}/`));
  assert.deepEqual(strangers, []);
  await leave(page);
}

/** Attributes, properties, methods and events do what is written. */
export async function speaksToThePage(stage) {
  const page = await visit(
    stage,
    `<motet-chat autoload model="models/small.gguf" system="Be kind." temperature="0.5" top-p="0.8" max-tokens="50"
       context-length="256" kv="f16" placeholder="Your turn"></motet-chat>`,
  );
  await reaches(page, "ready");
  assert.deepEqual(await page.evaluate(() => globalThis.scriptedLoad), {
    source: "models/small.gguf",
    options: { contextLength: 256, kv: "f16" },
  });
  assert.equal(await page.getAttribute("#input", "placeholder"), "Your turn");
  const told = await page.evaluate(async () => {
    const chat = document.querySelector("motet-chat");
    const heard = [];
    for (const name of ["state", "message", "change", "error", "token"]) {
      document.addEventListener(`motet-${name}`, ({ detail, composed, target }) => {
        if (!composed || target !== chat) throw new Error(`motet-${name} does not come from the element`);
        heard.push([name, detail.state ?? detail.message?.role ?? detail.messages?.length ?? detail.during ?? ""]);
      });
    }
    chat.params = { seed: 3 };
    const answer = await chat.send("  echo hello there ");
    await chat.updateComplete;
    return { heard: heard.map((pair) => pair.join(" ")), answer, asked: globalThis.scriptedAsk };
  });
  const { stream, ...asked } = told.asked;
  assert.deepEqual(asked, {
    messages: [{ role: "system", content: "Be kind." }, { role: "user", content: "echo hello there" }],
    temperature: 0.5,
    top_p: 0.8,
    max_tokens: 50,
    seed: 3,
    truncation: "auto",
  });
  assert.deepEqual([told.answer.role, told.answer.content, told.answer.figures.ending], ["assistant", "hello there", "end"]);
  for (const event of ["message user", "token ", "message assistant", "state answering", "state ready"]) {
    assert(told.heard.includes(event), `there was no "${event}" among ${told.heard.join(", ")}`);
  }

  const refused = await page.evaluate(() => {
    const chat = document.querySelector("motet-chat");
    return [undefined, [{ role: "robot", content: "" }], [{ role: "user", content: 3 }]].map((value) => {
      try {
        chat.messages = value;
        return "taken";
      } catch (error) {
        return error.message;
      }
    });
  });
  for (const sentence of refused) assert.match(sentence, /^(The messages|Message 0) .*: .*\.$/);
  const given = [
    ["system", "You are a pirate."],
    ["user", "Who?"],
    ["assistant", "**Me**."],
  ];
  await page.evaluate((given) => {
    document.querySelector("motet-chat").messages = given.map(([role, content]) => ({ role, content }));
  }, given);
  assert.equal(await page.locator("article.assistant strong").textContent(), "Me");
  assert.equal(await page.locator("article").count(), 2, "the system message is shown");
  assert.deepEqual(await messages(page), given);
  await answer(page, "how many messages?");
  assert.equal((await messages(page)).at(-1)[1], "You sent 4.");
  await page.evaluate(() => document.querySelector("motet-chat").clear());
  assert.deepEqual(await messages(page), []);
  await page.click("#undo");
  assert.equal((await messages(page)).length, 5);
  await leave(page);
}

/** What a page sets before the element's script has come counts, too. */
export async function upgrades(stage) {
  const page = await visit(stage, '<motet-chat></motet-chat><script src="/pkg/somebody.js"></script>');
  const body = `Object.assign(document.querySelector("motet-chat"), {
    model: "early.gguf", autoload: true, messages: [{ role: "user", content: "Early" }, { role: "assistant", content: "Indeed" }] })`;
  await page.context().route("**/somebody.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
  await page.reload();
  await reaches(page, "ready");
  assert.equal(await page.evaluate(() => globalThis.scriptedLoad.source), "early.gguf");
  assert.equal(await page.locator("article.assistant > .text").textContent(), "Indeed");
  assert.equal((await messages(page)).length, 2);
  await leave(page);
}

/** A page may bring a model of its own, and move or remove the element. */
export async function lives(stage) {
  const page = await visit(stage, '<motet-chat></motet-chat><div id="elsewhere"></div>');
  const rejected = await page.evaluate(() => document.querySelector("motet-chat").send("x").catch((error) => error.message));
  assert.match(rejected, /load one first\.$/);
  await page.evaluate(async () => {
    const { Motet } = await import("/pkg/motet.js");
    globalThis.own = await Motet.load("models/own.gguf");
    document.querySelector("motet-chat").motet = globalThis.own;
  });
  await reaches(page, "ready");
  assert.equal(await answer(page, "echo mine"), "mine");
  await page.evaluate(() => document.getElementById("elsewhere").append(document.querySelector("motet-chat")));
  assert.equal(await answer(page, "echo moved"), "moved");
  const kept = await page.evaluate(async () => {
    document.querySelector("motet-chat").remove();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return globalThis.own.failure === undefined;
  });
  assert(kept, "a model that the page brought was closed");

  await page.evaluate(() => {
    const chat = document.createElement("motet-chat");
    chat.autoload = true;
    chat.model = new File(["GGUF"], "file.gguf");
    document.body.append(chat);
  });
  await reaches(page, "ready");
  const closed = await page.evaluate(async () => {
    const chat = document.querySelector("motet-chat");
    const { motet } = chat;
    chat.remove();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return motet.failure?.message;
  });
  assert.match(closed, /closed/);
  await leave(page);
}

/** Slots, parts and custom properties let a page make it its own. */
export async function isStyled(stage) {
  const sheet = `motet-chat { --motet-accent: rgb(0, 90, 60); height: 300px } motet-chat::part(send) { border-radius: 3px }
    motet-chat::part(log) { color: rgb(1, 2, 3) }`;
  const page = await visit(
    stage,
    `<link rel="stylesheet" href="/pkg/somebody.css"><motet-chat autoload model="small.gguf"><p slot="header" id="head">Head</p>
       <p slot="empty" id="welcome">Welcome</p><p slot="footer" id="foot">Foot</p></motet-chat>`,
    { policy: `${POLICY}; style-src 'self'`, script: { scriptedLoadMs: 0 } },
  );
  await page.context().route("**/somebody.css", (route) => route.fulfill({ contentType: "text/css", body: sheet }));
  await page.reload();
  await reaches(page, "ready");
  for (const id of ["head", "welcome", "foot"]) assert.equal(await page.locator(`#${id}`).isVisible(), true, id);
  await answer(page, "echo x");
  assert.equal(await page.locator("#welcome").isVisible(), false);
  const style = (selector, name) => page.locator(selector).evaluate((element, name) => getComputedStyle(element)[name], name);
  assert.equal(await style("article.assistant h2", "color"), "rgb(0, 90, 60)");
  assert.equal(await style("#send", "borderRadius"), "3px");
  assert.equal(await style("#log", "color"), "rgb(1, 2, 3)");
  assert.equal(await style("motet-chat", "height"), "300px");
  await leave(page);
}

/** A model that cannot be loaded is said in a sentence; the next one works. */
export async function failsAndRecovers(stage) {
  const page = await visit(stage, '<motet-chat autoload model="missing.gguf"></motet-chat>');
  await reaches(page, "failed");
  assert.match(await page.locator("#loader-error").textContent(), /is not there .*: check the address\.$/);
  assert.equal(await page.locator("#loader-error").getAttribute("role"), "alert");
  assert.equal(await page.locator("#retry").isVisible(), true);
  await page.evaluate(() => (document.querySelector("motet-chat").model = "small.gguf"));
  await reaches(page, "ready");
  await page.fill("#input", "Tell a story and crash");
  await page.press("#input", "Enter");
  await reaches(page, "failed");
  assert.match(await page.locator("article .note.error").textContent(), /^The engine crashed .*: load the model again\.$/);
  assert.equal((await messages(page)).length, 2, "what there was of the answer is lost");
  await page.click("#retry");
  await reaches(page, "ready");
  assert.equal(await answer(page, "echo well"), "well");
  await page.evaluate(() => (globalThis.scriptedLoadMs = 20_000));
  await page.evaluate(() => void document.querySelector("motet-chat").load());
  await page.click("#cancel");
  await reaches(page, "failed");
  assert.equal(await page.locator("#loader-error").textContent(), "Loading was cancelled.");
  await leave(page);
}

/** Without the libraries for Markdown an answer is there as it was written; later ones have form, once they can be had. */
export async function withoutMarkdown(stage) {
  const page = await visit(stage, '<motet-chat model="small.gguf"></motet-chat>');
  await page.route("**/pkg/markdown.js", (route) => route.abort());
  await page.evaluate(() => void document.querySelector("motet-chat").load());
  await reaches(page, "ready");
  assert.equal(await answer(page, "echo **loud** <b>words</b>"), "**loud** <b>words</b>");
  assert.equal(await page.locator("article.assistant strong").count(), 0);
  await page.unroute("**/pkg/markdown.js");
  await answer(page, "echo **louder**");
  await page.locator("article.assistant strong", { hasText: "louder" }).waitFor();
  await leave(page);
}

/** On an idle core it is under 50 ms; a machine that does other work too may make it wait. */
const LONGEST_TASK_MS = 500;

/** A long answer costs the page no more at its end than at its beginning. */
export async function longAnswers(stage) {
  const page = await visit(stage, '<motet-chat autoload model="small.gguf" max-tokens="100000"></motet-chat>');
  await reaches(page, "ready");
  const paragraph = "Some **words** about `code`, and a [link](https://example.org) in a sentence of some length.\n\n";
  const program = `\`\`\`python\n${"print(1)\n".repeat(400)}\`\`\`\n\n`;
  const question = `echo ${paragraph.repeat(60)}- item\n- item\n\n${program}`;
  await page.evaluate(() => {
    globalThis.longTasks.length = 0;
    globalThis.scriptedPace = 1;
  });
  const start = Date.now();
  await page.evaluate((question) => void document.querySelector("motet-chat").send(question), question);
  await page.waitForFunction(() => document.querySelector("motet-chat").state === "ready", null, { timeout: 60_000 });
  const { tasks, blocks } = await page.evaluate(() => ({
    tasks: globalThis.longTasks,
    blocks: document.querySelector("motet-chat").shadowRoot.querySelector(".prose").childElementCount,
  }));
  assert.equal(blocks, 62);
  const longest = Math.round(Math.max(0, ...tasks));
  assert(longest < LONGEST_TASK_MS, `a task took ${longest} ms`);
  await leave(page);
  return `${((Date.now() - start) / 1000).toFixed(1)} s, longest task ${longest} ms`;
}
