/** Small things that are kept from visit to visit. Where the browser keeps nothing they hold while the page is open. */

const meanwhile = new Map<string, string>();

export function kept(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? meanwhile.get(key);
  } catch {
    return meanwhile.get(key);
  }
}

export function keep(key: string, value: string): void {
  meanwhile.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage that is full or forbidden: see above.
  }
}
