/** Work with the database, which a browser may not give the page. */

import { toast } from "../toast.js";

let isSaid = false;

/** What `work` gives, or nothing when the browser keeps nothing; the reader is told that once. */
export async function attempt<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch {
    if (!isSaid) toast("This browser does not let the page keep conversations: they last until the page is closed.");
    isSaid = true;
    return undefined;
  }
}
