/** Conversations that do not fit: the oldest turns are left out. */

import type { Run } from "./run.js";
import { type Message, MotetError } from "./runner.js";

/** A run of what fits of a conversation. */
export interface Fitted {
  run: Run;
  /** What it was given. */
  messages: Message[];
  /** How many messages were left out. */
  dropped: number;
}

/**
 * Leaves out as few of the oldest turns as it takes to fit into `contextLength` with room for so many more tokens. A
 * turn is a user's message and what follows it. System messages stay, and so does the last turn: if it fits without
 * that room, it has to do; if it does not fit at all, this rejects.
 */
export async function openFitting(
  messages: Message[],
  { contextLength, room }: { contextLength: number; room: number },
  open: (messages: Message[]) => Promise<Run>,
): Promise<Fitted> {
  const turns = turnsOf(messages);
  const without = (dropped: number): Message[] =>
    messages.filter((message, index) => message.role === "system" || index >= (turns[dropped] ?? 0));
  const opened = async (dropped: number): Promise<Fitted> => {
    const kept = without(dropped);
    return { run: await open(kept), messages: kept, dropped: messages.length - kept.length };
  };
  /** Runs wait for each other, so one that does not fit is closed before the next is tried. */
  const attempt = async (dropped: number): Promise<Fitted | undefined> => {
    try {
      const fitted = await opened(dropped);
      if (fitted.run.started.promptTokens + room <= contextLength) return fitted;
      await fitted.run.close();
    } catch (error) {
      if (!(error instanceof MotetError && error.code === "context_length_exceeded")) throw error;
    }
    return undefined;
  };

  const whole = await attempt(0);
  if (whole) return whole;
  const most = turns.length - 1;
  let least = Math.min(1, most);
  for (let high = most; least < high; ) {
    const middle = (least + high) >> 1;
    const fitted = await attempt(middle);
    await fitted?.run.close();
    if (fitted) high = middle;
    else least = middle + 1;
  }
  return opened(least);
}

/** Where the turns begin; what comes before the first user's message is a turn, too, unless the system said it. */
function turnsOf(messages: readonly Message[]): number[] {
  const spoken = messages.flatMap(({ role }, index) => (role === "system" ? [] : [{ role, index }]));
  const starts = spoken.filter(({ role }, place) => place === 0 || role === "user");
  return starts.length > 0 ? starts.map(({ index }) => index) : [0];
}
