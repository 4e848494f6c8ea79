/** Keeps the newest text in view while the reader is at the end, and leaves a reader alone who has scrolled up. */

/** Closer to the end than this counts as being there. */
const NEAR = 32;

export class Following {
  #scroller: HTMLElement | undefined;
  #atEnd = true;
  /** Where the end was when it was last brought into view. */
  #kept = 0;
  readonly #sizes = new ResizeObserver(() => this.#keep());

  constructor(private readonly changed: () => void) {}

  get isWatching(): boolean {
    return this.#scroller !== undefined;
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  watch(scroller: HTMLElement, content: HTMLElement): void {
    this.unwatch();
    this.#scroller = scroller;
    this.#sizes.observe(scroller);
    this.#sizes.observe(content);
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
  }

  unwatch(): void {
    this.#sizes.disconnect();
    this.#scroller?.removeEventListener("scroll", this.#scrolled);
    this.#scroller = undefined;
  }

  toEnd(): void {
    this.#atEnd = true;
    this.#keep();
    this.changed();
  }

  #keep(): void {
    if (!this.#atEnd || !this.#scroller) return;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#kept = this.#scroller.scrollTop;
  }

  readonly #scrolled = (): void => {
    if (!this.#scroller) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
    // Text that has come since then moves the end away from the reader, who has not moved.
    const atEnd = isNear || (this.#atEnd && scrollTop >= this.#kept);
    if (atEnd === this.#atEnd) return;
    this.#atEnd = atEnd;
    this.changed();
  };
}
