// A package in place of pkg/motet.js, for what a real model cannot be made to say or to be: the answers stand in `SAYINGS`,
// by a word of the question, and models differ by a word of their address. It knows nothing of GPUs and files.

const SAYINGS = [
  ["capital of france", "The capital of France is **Paris**."],
  [
    "program",
    [
      "Here is a program that counts words:\n\n",
      "```python\nfrom collections import Counter\n\n\ndef count_words(text: str) -> Counter[str]:\n    # Words are split at spaces.\n    return Counter(text.lower().split())\n\n\nprint(count_words(\"the cat and the hat\").most_common(2))\n```\n\n",
      "It prints `[('the', 2), ('cat', 1)]`. Three things to know:\n\n",
      "1. `Counter` is a **dictionary** whose values are counts.\n2. `most_common` sorts, so it takes *O(n log n)*.\n3. A word that is missing counts 0:\n\n   ```js\n   const count = words.get(word) ?? 0;\n   ```\n\n",
      "| word | count |\n|:-----|------:|\n| the | 2 |\n| cat | 1 |\n\n",
      "> Measure before you make it faster.\n\nThe [documentation](https://docs.python.org/3/library/collections.html) has more.",
    ].join(""),
  ],
  ["think", { reasoning: "The reader asks how many there are. **Two** of one kind.\n\nThen three of another: 2 + 3 = 5.", content: "There are **five**." }],
  ["story", "Once upon a time a lighthouse keeper counted the waves. ".repeat(60)],
  ["hostile", `__HOSTILE__`],
  ["silence", ""],
];

const HOSTILE = [
  `<script>window.hit = 1</script><img src="https://beacon.invalid/raw.png" onerror="window.hit = 2">`,
  `<style>body { display: none }</style><a href="javascript:window.hit=3" id="input" class="note">raw</a>`,
  `<iframe src="https://beacon.invalid/frame"></iframe><form action="https://beacon.invalid/form"><button>send</button></form>`,
  `![a cat](https://beacon.invalid/image.png) and ![](//beacon.invalid/two.png)`,
  `[javascript](javascript:window.hit=4) [data](data:text/html,<script>window.hit=5</script>) [relative](/pkg/motet.js)`,
  `[tab](java\tscript:window.hit=6) <javascript:window.hit=7> [good](https://example.org/a?b=c&d "t" )`,
  `<svg><style><img src=x onerror="window.hit = 8"></style></svg><math><mtext><table><mglyph><style><img src=x onerror=window.hit=9>`,
  "```html\n<img src=x onerror=\"window.hit = 10\"><script>window.hit = 11</script>\n```",
  "```\" onload=\"window.hit=12\n<b>unknown</b>\n```",
  `| <img src=x onerror="window.hit=13"> | [x](vbscript:window.hit=14) |\n|---|---|\n| <b>bold?</b> | **bold** |`,
  `<https://example.org/auto> www.example.org mailto:someone@example.org <div style="position:fixed;inset:0">cover</div>`,
  `[defined][later]\n\n[later]: javascript:window.hit=15`,
].join("\n\n");

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const stored = new Map([
  ["models/SmolLM2-135M-Instruct.Q4_1.gguf", { name: "SmolLM2 135M Instruct", bytes: 98_362_432, storedBytes: 98_362_432 }],
  ["Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf", { name: "Qwen3 0.6B", bytes: 639_446_688, storedBytes: 214_000_000 }],
]);

/** Milliseconds a piece of an answer takes; stories that wait for nothing set it to 0. */
const pace = () => globalThis.scriptedPace ?? 12;

export class MotetError extends Error {
  constructor(message, code, status) {
    super(message);
    Object.assign(this, { type: "invalid_request_error", code, param: null, status });
  }
}

function described(source) {
  const file = source instanceof Blob ? source.name : String(source);
  const mixture = /moe|a400m/i.test(file);
  const big = /huge/.test(file);
  const [name, weightBytes] = /olmoe/i.test(file)
    ? ["OLMoE 1B 7B 0924 Instruct", 4_210_000_000]
    : /a400m/i.test(file)
      ? ["Granite 3.1 1B A400M Instruct", 821_847_360]
      : /qwen3/i.test(file)
        ? ["Qwen3 0.6B", 639_446_688]
        : [globalThis.scriptedName ?? "SmolLM2 135M Instruct", big ? 19_400_000_000 : 98_362_432];
  const sizes = mixture ? { layers: 16, experts: 64, expertsUsed: 8 } : { layers: 30, experts: 1, expertsUsed: 1 };
  const parameters = mixture ? 6_919_000_000 : big ? 32_000_000_000 : 134_515_008;
  return {
    file,
    big,
    model: {
      name,
      architecture: mixture ? "olmoe" : "llama",
      parameters,
      activeParameters: mixture ? 1_280_000_000 : parameters,
      weightBytes,
      contextLength: 2048,
      vocabulary: 49_152,
      ...sizes,
    },
  };
}

const megabytes = (value) => (value >= 1e9 ? `${(value / 1e9).toFixed(1)} GB` : `${Math.round(value / 1e6)} MB`);

export class Motet {
  static loads = 0;

  static async load(source, { onProgress = () => {}, signal, ...options } = {}) {
    Motet.loads += 1;
    globalThis.scriptedLoad = { source, options };
    const { file, model } = described(source);
    const stopped = new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
    stopped.catch(() => {});
    const wait = (ms) => Promise.race([pause(ms), stopped]);
    const step = (globalThis.scriptedLoadMs ?? (/slow/.test(file) ? 30_000 : 400)) / 20;
    onProgress({ phase: "header", done: 1_000_000, total: 1_000_000 });
    await wait(step);
    if (/missing/.test(file)) throw new Error(`"${file}" is not there (the server says 404): check the address.`);
    for (let done = 1; done <= 14; done += 1) {
      const secondsLeft = ((14 - done) * step * 2) / 1000;
      onProgress({ phase: "weights", done: (done / 14) * model.weightBytes, total: model.weightBytes, secondsLeft, fromStore: 0 });
      await wait(step);
    }
    for (let done = 1; done <= 5; done += 1) {
      onProgress({ phase: "shaders", done: done * 12, total: 60 });
      await wait(step);
    }
    return new Motet(model, file);
  }

  static async inspect(source, { contextLength = 4096, kv = "f32", signal } = {}) {
    await pause(120);
    signal?.throwIfAborted();
    const { file, model, big } = described(source);
    if (/missing/.test(file)) throw new Error(`"${file}" is not there (the server says 404): check the address.`);
    const cacheBytes = Math.round((contextLength * model.layers * 768) / { f32: 1, f16: 2, q8: 3.76 }[kv]);
    const fits = !big;
    const verdict = fits ? "fits" : "does not fit, choose a smaller one";
    const reason = `${megabytes(model.weightBytes)} of weights, ${megabytes(cacheBytes)} of cache at ${contextLength.toLocaleString("en")} tokens; this device allows 1 GB a buffer: ${verdict}.`;
    return { ...model, cacheBytes, contextLength, trainedContext: 8192, largestBuffer: 2 ** 30, fits, reason };
  }

  static async cached() {
    return [...stored].map(([source, entry], index) => ({
      source,
      ...entry,
      complete: entry.bytes === entry.storedBytes,
      lastUsed: Date.now() - index * 86_400_000 * 3,
    }));
  }

  static async remove(model) {
    return stored.delete(model);
  }

  adapter = { adapter: "Scripted", backend: "none", subgroups: true, f16: true, software: false };
  failure = undefined;
  notice = undefined;
  #counts;
  #file;
  #tokens = 0;

  constructor(model, file) {
    this.model = model;
    this.#file = file;
    if (model.experts > 1) this.#counts = new Uint32Array(model.layers * model.experts);
  }

  chat = { completions: { create: (params) => this.#create(params) } };

  async *#create({ messages, max_tokens: longest = 400, signal, ...rest }) {
    globalThis.scriptedAsk = { messages, max_tokens: longest, ...rest };
    const question = messages.at(-1).content;
    if (question.length > 20_000) {
      const sentence = "The conversation has 24,001 tokens and the context holds 2,048: write less, or load the model with a longer context.";
      throw new MotetError(sentence, "context_length_exceeded", 400);
    }
    const start = performance.now();
    const chunk = (delta, more = {}) => ({ choices: [{ index: 0, delta, finish_reason: null }], ...more });
    yield chunk({ role: "assistant", content: "" }, messages.length > 12 ? { truncated_messages: messages.length - 10 } : {});
    await pause(pace() * 4);
    let [tokens, first, finish] = [0, 0, "stop"];
    for (const [kind, text] of this.#pieces(question, messages)) {
      if (signal?.aborted) return;
      if (tokens >= longest) {
        finish = "length";
        break;
      }
      if (text === "\u0000") {
        this.failure = new Error("The engine crashed (unreachable): load the model again.");
        throw this.failure;
      }
      tokens += 1;
      first ||= performance.now();
      this.#route();
      yield chunk({ [kind]: text });
      await pause(pace());
    }
    if (signal?.aborted) return;
    const timings = {
      prompt_tokens: 30,
      cached_tokens: 0,
      completion_tokens: tokens,
      first_token_ms: (first || performance.now()) - start,
      decode_ms: tokens > 1 ? performance.now() - first : 0,
    };
    this.#tokens += 30 + tokens;
    yield { choices: [{ index: 0, delta: {}, finish_reason: finish }], timings };
  }

  *#pieces(question, messages) {
    const asked = question.toLowerCase();
    let said = SAYINGS.find(([word]) => asked.includes(word))?.[1] ?? `You said: ${question}`;
    if (asked.includes("again?")) said = `Answer number ${Math.random().toString(36).slice(2)}.`;
    if (asked.includes("how many messages")) said = `You sent ${messages.length}.`;
    if (asked.includes("echo ")) said = question.slice(question.indexOf("echo ") + 5);
    if (said === "__HOSTILE__") said = HOSTILE;
    const { reasoning = "", content } = typeof said === "string" ? { content: said } : said;
    for (const text of reasoning.match(/\s*\S+/g) ?? []) yield ["reasoning_content", text];
    const pieces = content.match(/\s*\S{1,7}/g) ?? [];
    for (const [index, text] of pieces.entries()) {
      if (asked.includes("crash") && index === 2) yield ["content", "\u0000"];
      yield ["content", text];
    }
  }

  async *run(prompt, { maxTokens = 64, signal } = {}) {
    const length = prompt.ids?.length ?? 9;
    yield { text: "", started: { promptTokens: length, thinking: false } };
    const start = performance.now();
    let tokens = 0;
    for (; tokens < Math.min(maxTokens, 24) && !signal?.aborted; tokens += 1) {
      await pause(pace());
      this.#route();
      yield { text: ` and so on ${tokens}.`, id: tokens };
    }
    const decodeMs = performance.now() - start;
    const reason = signal?.aborted ? "aborted" : "end";
    yield { text: "", finish: { reason, promptTokens: length, cachedTokens: 0, tokens, firstTokenMs: 10, decodeMs } };
  }

  /** A layer's favourites, more of them the deeper it lies. */
  #route() {
    const { layers, experts, expertsUsed } = this.model;
    if (!this.#counts) return;
    for (let layer = 0; layer < layers; layer += 1) {
      for (let slot = 0; slot < expertsUsed; slot += 1) {
        const spread = Math.random() ** (1 + layer / 5);
        const expert = (Math.floor(spread * experts) * 7 + layer * 13) % experts;
        this.#counts[layer * experts + expert] += 1;
      }
    }
  }

  async experts() {
    const { layers, experts } = this.model;
    return this.#counts && { layers, experts, counts: this.#counts.slice() };
  }

  async tokenize(text) {
    return Uint32Array.from(text.split(/\s+/), (_, index) => index);
  }

  async render(messages) {
    const text = messages.map(({ role, content }) => `<|${role}|>${content}`).join("\n");
    return { ids: await this.tokenize(text), text };
  }

  async stats() {
    return { wasmBytes: 21_000_000, cachedTokens: this.#tokens, sessions: 1 };
  }

  async measure() {
    return { adapter: this.adapter, model: this.#file };
  }

  close() {
    this.failure ??= new Error("The model was closed: load it again to use it.");
  }
}
