/** What two loops of one thread wait for each other by. */

export class Bell {
  #ring: () => void = () => undefined;
  #heard = this.#next();

  /** Wakes all that wait. */
  ring(): void {
    this.#ring();
    this.#heard = this.#next();
  }

  /** Resolves when it rings next. */
  heard(): Promise<void> {
    return this.#heard;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => (this.#ring = resolve));
  }
}
