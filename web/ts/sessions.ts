/** The sessions of a model: whose turn it is, and which one has most of a prompt already. */

import { isCrash } from "./errors.js";
import type { Model, Session } from "./motet_web.js";

/** Sessions that requests share, at most; each has a cache of its own on the GPU. */
const SHARED = 4;
/** A prefix of fewer tokens is sooner computed again than copied. */
const WORTH_A_COPY = 64;

/** A session and who waits for it. */
interface Place {
  session: Session;
  busy: boolean;
  used: number; // the turn in which it was used last
}

export class Sessions {
  readonly #model: Model;
  readonly #shared: Place[] = [];
  readonly #own = new Map<number, Promise<Session>>();
  readonly #ownTurns = new Map<number, Promise<unknown>>();
  #waiting: (() => void)[] = [];
  #making: Promise<unknown> = Promise.resolve();
  #turn = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  /**
   * Runs `work` with the caller's own session, or with that of the shared ones which has the longest prefix of `ids`.
   * Work on one session waits for its turn; sessions run side by side.
   */
  async use<Result>(own: number | undefined, ids: Uint32Array, work: (session: Session) => Promise<Result>): Promise<Result> {
    if (own !== undefined) return this.#inTurn(own, async () => work(await this.#ownSession(own)));
    const place = await this.#take(ids);
    try {
      return await work(place.session);
    } finally {
      place.busy = false;
      this.#waiting.shift()?.();
    }
  }

  /** A session of the caller's own that goes on from another one. */
  fork(from: number, as: number): Promise<unknown> {
    return this.#inTurn(from, async () => {
      const fork = (await this.#ownSession(from)).fork();
      this.#own.set(as, fork);
      await fork;
    });
  }

  /** The logits that a session's last id was chosen from; empty if they were not kept. */
  logits(own: number): Promise<Float32Array> {
    return this.#inTurn(own, async () => (await this.#ownSession(own)).logits());
  }

  /** Frees a session of the caller's own. */
  end(own: number): void {
    void this.#inTurn(own, async () => {
      const session = this.#own.get(own);
      this.#own.delete(own);
      this.#ownTurns.delete(own);
      (await session)?.free();
    });
  }

  /** Sessions and the tokens in their caches. */
  async held(): Promise<{ sessions: number; cachedTokens: number }> {
    const sessions = [...this.#shared.map((place) => place.session), ...(await Promise.all(this.#own.values()))];
    return { sessions: sessions.length, cachedTokens: sessions.reduce((sum, session) => sum + session.length, 0) };
  }

  #ownSession(own: number): Promise<Session> {
    const session = this.#own.get(own) ?? this.#model.session();
    this.#own.set(own, session);
    return session;
  }

  #inTurn<Result>(own: number, work: () => Promise<Result>): Promise<Result> {
    const before = this.#ownTurns.get(own) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#ownTurns.set(own, turn.catch(() => undefined));
    return turn;
  }

  /** One taker at a time, so that a session is not chosen twice while another is being made. */
  #take(ids: Uint32Array): Promise<Place> {
    const taken = this.#making.then(() => this.#choose(ids));
    this.#making = taken.catch(() => undefined);
    return taken;
  }

  async #choose(ids: Uint32Array): Promise<Place> {
    for (;;) {
      const idle = this.#shared.filter((place) => !place.busy);
      const place = this.#best(idle, ids) ?? (await this.#another(idle, ids)) ?? oldest(idle);
      if (place) {
        place.busy = true;
        place.used = ++this.#turn;
        return place;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The idle session with the longest common prefix, unless most of what it has would be lost to another conversation. */
  #best(idle: readonly Place[], ids: Uint32Array): Place | undefined {
    const { place, common } = longest(idle, ids);
    return place && 2 * common >= place.session.length ? place : undefined;
  }

  /** One more session, if there may be one: a copy of what has a long prefix already. */
  async #another(idle: readonly Place[], ids: Uint32Array): Promise<Place | undefined> {
    if (this.#shared.length >= SHARED) return undefined;
    const { place, common } = longest(idle, ids);
    const making = place && common >= WORTH_A_COPY ? place.session.fork() : this.#model.session();
    const session = await making.catch((error: unknown) => {
      // Where there is no memory for one more, those that are there have to do.
      if (isCrash(error) || this.#shared.length === 0) throw error;
      return undefined;
    });
    if (!session) return undefined;
    const made = { session, busy: false, used: 0 };
    this.#shared.push(made);
    return made;
  }
}

function longest(places: readonly Place[], ids: Uint32Array): { place: Place | undefined; common: number } {
  let [place, common]: [Place | undefined, number] = [undefined, -1];
  for (const other of places) {
    const length = other.session.reusable(ids);
    if (length > common) [place, common] = [other, length];
  }
  return { place, common };
}

function oldest(places: readonly Place[]): Place | undefined {
  return places.reduce<Place | undefined>((old, place) => (old && old.used < place.used ? old : place), undefined);
}
