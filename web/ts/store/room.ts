/** Room for files, and what is said when there is none. */

const GIB = 2 ** 30;

/**
 * Whether so many more bytes fit, as far as the browser says; true if it does not, since writing shows. Chromium does not
 * (people could be recognised by it): it says that 10 GiB are left, or less in whole GiB on a small disk, however much is.
 */
export async function hasRoomFor(bytes: number): Promise<boolean> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    if (quota === undefined || usage === undefined) return true;
    const left = quota - usage;
    return left >= bytes || (left > 0 && left % GIB === 0);
  } catch {
    return true;
  }
}

let asked: Promise<boolean> | undefined;

/**
 * Asks the browser, once for each page, not to clear the store when the disk fills up; whether it promises that. For the
 * page's thread: workers cannot ask, and get false.
 */
export function askToPersist(): Promise<boolean> {
  return (asked ??= persist().catch(() => false));
}

async function persist(): Promise<boolean> {
  const storage: Partial<StorageManager> | undefined = navigator.storage;
  if ((await storage?.persisted?.()) === true) return true;
  return (await storage?.persist?.()) ?? false;
}

const AGAIN = "the model runs, and is downloaded again next time";

/** Says, at most once for each opening, why a file is not kept. */
export class Notices {
  #said = false;

  constructor(private readonly tell: ((sentence: string) => void) | undefined) {}

  full(): void {
    this.#say(`Storage is full: ${AGAIN}; remove stored models or free some space to keep it.`);
  }

  unwritable(error: unknown): void {
    if (error instanceof DOMException && error.name === "QuotaExceededError") return this.full();
    this.#say(`The browser could not write to its storage: ${AGAIN}.`);
  }

  unavailable(): void {
    this.#say(`This browser keeps no files for this page, as in some private windows: ${AGAIN}.`);
  }

  elsewhere(): void {
    this.#say("This model is being stored by another tab or another load: here it runs, and is downloaded for this time only.");
  }

  #say(sentence: string): void {
    if (this.#said) return;
    this.#said = true;
    this.tell?.(sentence);
  }
}
