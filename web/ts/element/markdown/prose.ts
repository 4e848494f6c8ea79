/** Markdown on the screen while it is being written. Blocks that are complete are never looked at again. */

import type { Token } from "marked";
import { CodeBlock } from "./code-block.js";
import { blocks, html, languageOf } from "./lexer.js";
import { sanitised } from "./sanitise.js";
import { mended } from "./unfinished.js";

/** A block on the screen. */
interface Block {
  /** The Markdown it was made of. */
  raw: string;
  element: Element;
  /** The program that it is. */
  code?: CodeBlock;
  /** The programs in it, which may be part of a list or a quotation. */
  programs: CodeBlock[];
}

export class Prose {
  /** Characters of the text whose blocks are complete. */
  #settled = 0;
  /** The blocks after that; nearly always one. */
  #open: Block[] = [];
  /** A link may be defined after it was used; then all is written again at the end. */
  #definitions = false;

  /** Writes into `root`, and over what is there. */
  constructor(private readonly root: HTMLElement) {
    root.replaceChildren();
  }

  /** Shows `text`, which begins as it did last time. */
  update(text: string, finished: boolean): void {
    const rest = text.slice(this.#settled);
    const tokens = blocks(finished ? rest : mended(rest));
    this.#definitions ||= tokens.some(({ type }) => type === "def");
    if (finished && this.#definitions && this.#settled > 0) {
      this.#clear();
      return this.update(text, true);
    }
    const shown = tokens.filter(isShown);
    const complete = finished ? { blocks: shown.length, characters: rest.length } : completed(tokens, rest);
    const next = shown.map((token, index) => this.#draw(token, this.#open[index], index < complete.blocks));
    for (const { element } of this.#open.slice(next.length)) element.remove();
    this.#open = next.slice(complete.blocks);
    this.#settled += complete.characters;
  }

  #clear(): void {
    this.root.replaceChildren();
    this.#settled = 0;
    this.#open = [];
  }

  #draw(token: Token, old: Block | undefined, complete: boolean): Block {
    const block = old?.raw === token.raw ? old : made(token, old);
    if (!old) this.root.append(block.element);
    else if (old.element !== block.element) old.element.replaceWith(block.element);
    if (complete) for (const program of block.programs) void program.colour();
    return block;
  }
}

function isShown({ type }: Token): boolean {
  return type !== "space" && type !== "def";
}

/** How many blocks of `rest` are complete, and where the last of them ends. */
function completed(tokens: Token[], rest: string): { blocks: number; characters: number } {
  const complete = { blocks: 0, characters: 0 };
  let [end, shown] = [0, 0];
  for (const token of tokens) {
    // The tokens are the text, except where its end was mended.
    if (!rest.startsWith(token.raw, end)) break;
    end += token.raw.length;
    if (!isShown(token)) continue;
    shown += 1;
    // Until the line after it is whole, a block may turn out to go on: "2" is a paragraph, and "2." another item.
    if (!rest.slice(end).trimStart().includes("\n")) break;
    complete.blocks = shown;
    complete.characters = end;
  }
  return complete;
}

function made(token: Token, old: Block | undefined): Block {
  const { raw } = token;
  if (token.type === "code") {
    const language = languageOf(token["lang"] as string | undefined);
    // The language, too, is written bit by bit.
    const code = old?.code?.language === language ? old.code : new CodeBlock(language);
    code.text = String(token["text"]);
    return { raw, element: code.root, code, programs: [code] };
  }
  const fragment = sanitised(html(token).trim());
  const programs = Array.from(fragment.querySelectorAll("pre"), decorated);
  for (const table of fragment.querySelectorAll("table")) scrolled(table);
  const [only] = fragment.children;
  if (only && fragment.childNodes.length === 1) return { raw, element: only, programs };
  const element = document.createElement("p");
  element.append(fragment);
  return { raw, element, programs };
}

function decorated(program: Element): CodeBlock {
  const language = /^language-(\S+)/.exec(program.firstElementChild?.className ?? "")?.[1];
  const code = new CodeBlock(language ?? "");
  code.text = program.textContent;
  program.replaceWith(code.root);
  return code;
}

/** A wide table is scrolled, by keyboard too; the page is not. */
function scrolled(table: Element): void {
  const scroller = document.createElement("div");
  scroller.className = "table";
  scroller.tabIndex = 0;
  table.replaceWith(scroller);
  scroller.append(table);
}
