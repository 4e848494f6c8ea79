/** Numbers as people read them. */

export function seconds(ms: number): string {
  return ms < 9_950 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`;
}

export function rate(tokens: number, ms: number): string {
  const perSecond = (tokens * 1000) / Math.max(ms, 1);
  return `${perSecond.toFixed(perSecond < 100 ? 1 : 0)} tokens/s`;
}

/** 134515008 as "135M". */
export function count(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)}B`;
  return value >= 1e6 ? `${Math.round(value / 1e6)}M` : `${Math.round(value / 1e3)}K`;
}

/** A number of things: "1 token", "1,248 tokens". */
export function several(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString("en")} ${value === 1 ? one : many}`;
}

/** A wait: "40 s left", "3 min left". */
export function left(secondsLeft: number): string {
  return secondsLeft < 90 ? `${Math.max(1, Math.round(secondsLeft))} s left` : `${Math.round(secondsLeft / 60)} min left`;
}

/** The last part of an address, or a file's name: what people call a model before its header has been read. */
export function sourceName(source: string | URL | Blob): string {
  if (source instanceof Blob) return source instanceof File ? source.name : "model";
  const text = String(source);
  return text.split(/[?#]/)[0]?.split("/").at(-1) || text;
}
