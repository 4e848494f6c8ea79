/** Work that can wait for a moment: it is done piece by piece, so that the page answers in between. */

const waiting: (() => void)[] = [];
let isUnderWay = false;

/** Does `work` soon; what is asked for last is done first. */
export function atLeisure(work: () => void): void {
  waiting.push(work);
  if (isUnderWay) return;
  isUnderWay = true;
  setTimeout(next);
}

function next(): void {
  waiting.pop()?.();
  isUnderWay = waiting.length > 0;
  if (isUnderWay) setTimeout(next);
}
