/** What the picker lists: the models that the page offers, and those that are stored on this device. */

import { Motet, type StoredModel } from "../../motet.js";
import { modelAddress } from "../../store/address.js";
import { offers } from "./registry.js";

export interface Entry {
  source: string;
  name: string;
  about: string;
  bytes: number;
  /** What of it is on this device; all of it when that is complete. */
  stored?: { bytes: number; complete: boolean; source: string };
}

/** Everything there is to choose from; offers first, in their order. */
export async function entries(): Promise<Entry[]> {
  const stored = await cached();
  const listed = offers.map((offer): Entry => {
    const here = stored.find(({ source }) => isSame(source, offer.source));
    return here ? { ...offer, stored: partOf(here) } : { ...offer };
  });
  const others = stored
    .filter(({ source }) => !offers.some((offer) => isSame(source, offer.source)))
    .sort((a, b) => b.lastUsed - a.lastUsed)
    .map((here): Entry => ({ source: here.source, name: here.name, about: here.source, bytes: here.bytes, stored: partOf(here) }));
  return [...listed, ...others];
}

/** A browser without a store has none. */
async function cached(): Promise<StoredModel[]> {
  try {
    return await Motet.cached();
  } catch {
    return [];
  }
}

function partOf({ storedBytes, complete, source }: StoredModel): NonNullable<Entry["stored"]> {
  return { bytes: storedBytes, complete, source };
}

/** Whether two words for a model mean one place; the store names models by their addresses. */
export function isSame(one: string, other: string): boolean {
  return one === other || addressOf(one) === addressOf(other);
}

function addressOf(source: string): string {
  try {
    return modelAddress(source, document.baseURI).addresses[0];
  } catch {
    return source;
  }
}
