/** Bytes as people read them, in powers of ten. */

/** Bytes in the unit of `scale`, so that two figures side by side agree: "45.1 of 98.2 MB". */
export function bytes(value: number, scale = value): string {
  const [unit, size] = scale >= 1e9 ? ["GB", 1e9] : scale >= 1e6 ? ["MB", 1e6] : ["kB", 1e3];
  return `${(value / Number(size)).toFixed(1)} ${unit}`;
}

/** Bytes where a tenth says nothing: "98 MB", but "1.9 GB". */
export function roughly(value: number): string {
  return value >= 1e9 ? bytes(value) : value >= 1e6 ? `${Math.round(value / 1e6)} MB` : `${Math.ceil(value / 1e3)} kB`;
}
