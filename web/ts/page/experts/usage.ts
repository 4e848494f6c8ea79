/** How often each expert of a mixture was chosen, since a moment. */

export interface Usage {
  layers: number;
  experts: number;
  /** counts[layer * experts + expert] */
  counts: Uint32Array;
}

/** What came to `now` after `base`. */
export function since(now: Usage, base: Usage | undefined): Usage {
  return { ...now, counts: now.counts.map((count, place) => count - (base?.counts[place] ?? 0)) };
}

export function most({ counts }: Usage): number {
  return counts.reduce((high, count) => Math.max(high, count), 0);
}

function row({ experts, counts }: Usage, layer: number): Uint32Array {
  return counts.subarray(layer * experts, (layer + 1) * experts);
}

function sum(counts: Uint32Array): number {
  return counts.reduce((all, count) => all + count, 0);
}

/** The map in a sentence. */
export function summarised(usage: Usage): string {
  const all = sum(usage.counts);
  const { layers, experts } = usage;
  if (all === 0) return `${layers} layers of ${experts} experts. Ask something to see which of them answer.`;
  const used = Array.from({ length: layers }, (_, layer) => row(usage, layer).filter((count) => count > 0).length);
  const range = Math.min(...used) === Math.max(...used) ? `${used[0]}` : `${Math.min(...used)} to ${Math.max(...used)}`;
  return `${all.toLocaleString("en")} choices in this answer: of ${experts} experts, ${range} were used in each of ${layers} layers.`;
}

/** One expert of one layer, in words. */
export function described(usage: Usage, layer: number, expert: number): string {
  const counts = row(usage, layer);
  const count = counts[expert] ?? 0;
  return `Layer ${layer}, expert ${expert}: ${count.toLocaleString("en")} ${count === 1 ? "time" : "times"}${share(count, sum(counts))}`;
}

/** The favourites of a layer, in words. */
export function layerInWords(usage: Usage, layer: number): string {
  const counts = row(usage, layer);
  const all = sum(counts);
  if (all === 0) return "not used yet";
  const ranked = Array.from(counts, (count, expert) => ({ count, expert })).sort((a, b) => b.count - a.count);
  const favourites = ranked.slice(0, 3).filter(({ count }) => count > 0);
  const used = ranked.filter(({ count }) => count > 0).length;
  return `${favourites.map(({ count, expert }) => `expert ${expert}${share(count, all)}`).join(", ")}; ${used} of ${usage.experts} used`;
}

function share(count: number, all: number): string {
  return all === 0 ? "" : ` (${((100 * count) / all).toFixed(count / all < 0.1 ? 1 : 0)} %)`;
}
