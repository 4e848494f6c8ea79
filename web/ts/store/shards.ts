/** Models of several files, "name-00001-of-00003.gguf": each has an address of its own, people have one model. */

const NUMBERS = /-(\d{5})-of-(\d{5})(\.gguf)$/i;

export interface Shard {
  /** Files that the model has. */
  readonly count: number;
  /** The address of file `number`, from 1. */
  at(number: number): string;
}

/** What the address says of the model's other files; undefined for a model of one file. */
export function shardOf(address: string): Shard | undefined {
  const url = new URL(address);
  const { pathname } = url;
  const [found, number, total, ending] = NUMBERS.exec(pathname) ?? [];
  const count = Number(total);
  if (found === undefined || Number(number) < 1 || count < Number(number)) return undefined;
  return {
    count,
    at(wanted) {
      url.pathname = `${pathname.slice(0, -found.length)}-${String(wanted).padStart(5, "0")}-of-${total}${ending}`;
      return url.href;
    },
  };
}

/** The address by which the whole model is known: the first file's. */
export function firstShard(address: string): string {
  return shardOf(address)?.at(1) ?? address;
}

/** The addresses of all of a model's files, given one. */
export function allShards(address: string): string[] {
  const shard = shardOf(address);
  if (!shard) return [address];
  return Array.from({ length: shard.count }, (_, index) => shard.at(index + 1));
}
