/** What a server says of a file so that one version can be told from another (RFC 9110, section 8.8). */

export interface Identity {
  /** A strong ETag; a weak one does not promise equal bytes. */
  readonly etag?: string;
  readonly modified?: string;
}

/** A file on a server: bytes of two answers belong together if these agree. */
export interface Facts {
  /** In bytes. */
  readonly size: number;
  readonly identity: Identity;
}

export function identityOf(headers: Headers): Identity {
  const etag = headers.get("ETag")?.trim();
  const modified = headers.get("Last-Modified")?.trim();
  return { ...(etag?.startsWith('"') && { etag }), ...(modified && { modified }) };
}

/** Whether a change of the file would show. */
export function tells({ etag, modified }: Identity): boolean {
  return etag !== undefined || modified !== undefined;
}

/** Whether both are of one version. Servers behind one address may send different headers: the best that both have counts. */
export function agree(one: Facts, other: Facts): boolean {
  if (one.size !== other.size) return false;
  const [a, b] = [one.identity, other.identity];
  if (a.etag !== undefined && b.etag !== undefined) return a.etag === b.etag;
  if (a.modified !== undefined && b.modified !== undefined) return a.modified === b.modified;
  return !tells(a) && !tells(b);
}
