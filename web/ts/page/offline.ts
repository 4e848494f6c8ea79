/** The service worker that lets the page open without a network, once it has been open with one. */

import { toast } from "./toast.js";

/** Says so when another version of the page has been fetched behind this one. */
export function announceUpdates(): void {
  if (!navigator.serviceWorker?.controller) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    toast("A new version of this page is ready.", { label: "Reload", act: () => location.reload() });
  });
}

export async function workOffline(): Promise<void> {
  try {
    await navigator.serviceWorker?.register("sw.js");
  } catch {
    // Without it the page needs the network, as pages do.
  }
}
