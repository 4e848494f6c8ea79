/** HTML to DOM by an allow-list. What a model says is hostile data, and so is what a library makes of it. */

import DOMPurify, { type Config } from "dompurify";

const BLOCKS = ["p", "ul", "ol", "li", "blockquote", "pre", "hr", "h3", "h4", "h5", "h6"];
const TABLES = ["table", "thead", "tbody", "tr", "th", "td"];
const WORDS = ["a", "br", "code", "del", "em", "small", "strong"];

const PROSE = {
  ALLOWED_TAGS: [...BLOCKS, ...TABLES, ...WORDS],
  ALLOWED_ATTR: ["align", "class", "href", "start"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_DOM_FRAGMENT: true,
} satisfies Config;

const COLOURS = {
  ALLOWED_TAGS: ["span"],
  ALLOWED_ATTR: ["class"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
} satisfies Config;

// Instances of our own: hooks on the shared one would reach into whatever else the page sanitises.
const prose = DOMPurify(window);
const colours = DOMPurify(window);

prose.addHook("uponSanitizeAttribute", (element, data) => {
  if (data.attrName !== "class") return;
  data.keepAttr = element.localName === "code" && /^language-[\w+#.-]+$/.test(data.attrValue);
});

prose.addHook("afterSanitizeAttributes", (element) => {
  if (!(element instanceof HTMLElement) || element.localName !== "a") return;
  const href = element.getAttribute("href");
  if (!href) return;
  element.setAttribute("rel", "noopener noreferrer nofollow");
  element.setAttribute("target", "_blank");
  // The text of a link may claim to be another address.
  element.title = href;
});

colours.addHook("uponSanitizeAttribute", (_, data) => {
  data.keepAttr = data.attrName === "class" && /^hljs-[\w -]+$/.test(data.attrValue);
});

/** An answer's block. */
export function sanitised(html: string): DocumentFragment {
  return prose.sanitize(html, PROSE);
}

/** What the highlighter made of a program. */
export function sanitisedColours(html: string): DocumentFragment {
  return colours.sanitize(html, COLOURS);
}
