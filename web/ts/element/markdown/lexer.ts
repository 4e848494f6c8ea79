/** Markdown to blocks, and a block to HTML that still has to be sanitised. */

import { Marked, type Token } from "marked";

/** Protocols that a link in an answer may have; everything else is shown as text. */
const PROTOCOLS = ["http:", "https:", "mailto:"];

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** The address in full, or nothing when it is relative, broken, or of a protocol that runs or reads something. */
function address(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  return PROTOCOLS.includes(url.protocol) ? url.href : undefined;
}

const markdown = new Marked({
  gfm: true,
  // A line's end is meant in verse and in addresses, and chat models do not fold their lines.
  breaks: true,
});

markdown.use({
  tokenizer: {
    // Models write about HTML: markup is text like any other, and never becomes a token of its own.
    html: () => undefined,
    tag: () => undefined,
  },
  renderer: {
    html: ({ text }) => escaped(text),
    // The answer stands under a heading of its own.
    heading({ tokens, depth }) {
      const level = Math.min(depth + 2, 6);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    code: ({ text, lang }) => {
      const language = languageOf(lang);
      return `<pre><code${language ? ` class="language-${escaped(language)}"` : ""}>${escaped(text)}</code></pre>`;
    },
    link({ href, tokens }) {
      const to = address(href);
      const text = this.parser.parseInline(tokens);
      return to ? `<a href="${escaped(to)}">${text}</a>` : text;
    },
    // An image would be fetched, and so would tell its server that, and when, the answer was read.
    image: ({ text }) => `<small>${escaped(text ? `[image: ${text}]` : "[image]")}</small>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/** The word after a fence, as far as it is the name of a language. */
export function languageOf(info: string | undefined): string {
  return /^[\w+#.-]{1,30}/.exec(info ?? "")?.[0].toLowerCase() ?? "";
}

export function blocks(source: string): Token[] {
  return markdown.lexer(source);
}

export function html(block: Token): string {
  return markdown.parser([block]);
}
