/** Markdown that is being written: what its end is going to be is shown before it has come, so that lines do not jump. */

/** `text` with what is open in its last paragraph closed. */
export function mended(text: string): string {
  if (insideFence(text)) return text;
  const start = text.lastIndexOf("\n\n") + 1;
  const last = text
    .slice(start)
    // The address of a link is not read, it is followed: it comes when it is complete.
    .replace(/\]\([^)\s]*$/, "]")
    // A mark at the very end begins something that has no text yet.
    .replace(/(^|[\s(])(?:\*{1,3}|_{1,2}|`)$/, "$1");
  return text.slice(0, start) + closed(last);
}

function insideFence(text: string): boolean {
  return odd(text.match(/^ {0,3}(?:```|~~~)/gm));
}

function closed(text: string): string {
  if (odd(text.match(/`/g))) return `${text}\``;
  const marks = text.replace(/`[^`]*`/g, "");
  // `2 ** 3` opens nothing.
  if (!odd(marks.match(/\*\*/g)) || !/\*\*\S[^*]*\*?$/.test(marks)) return text;
  return text.endsWith("*") ? `${text}*` : `${text.trimEnd()}**`;
}

function odd(found: RegExpMatchArray | null): boolean {
  return (found?.length ?? 0) % 2 === 1;
}
