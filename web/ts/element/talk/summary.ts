/** The line of figures under an answer. */

import { roughly } from "../../bytes.js";
import { rate, seconds, several } from "../format.js";
import type { Figures } from "./message.js";
import type { Turn } from "./conversation.js";
import type { Writing } from "./writing.js";

/** How an answer went. */
export function summary(turn: Turn): string {
  const { figures } = turn;
  if (!figures) return "";
  const parts = measured(figures);
  if (figures.memory && figures.tokens > 0) parts.push(roughly(figures.memory));
  const end = ending(turn, figures);
  if (end) parts.push(end);
  return parts.join(" · ");
}

function measured({ tokens, firstTokenMs, decodeMs }: Figures): string[] {
  const parts = tokens > 0 ? [`first token ${seconds(firstTokenMs)}`] : [];
  if (tokens > 1) parts.push(rate(tokens - 1, decodeMs));
  if (tokens > 0) parts.push(several(tokens, "token"));
  return parts;
}

function ending({ content, reasoning }: Turn, figures: Figures): string | undefined {
  const thinking = content === "" && reasoning !== "";
  switch (figures.ending) {
    case "end":
      return figures.tokens === 0 && content === "" ? "the model had nothing to say" : undefined;
    case "length":
      return thinking ? "cut off while it was thinking: allow longer answers" : "cut off at the longest answer";
    case "context":
      return "the context is full: start a new chat";
    case "stopped":
      return "stopped";
    case "failed":
      return undefined;
  }
}

/** How an answer goes. */
export function sofar({ firstTokenMs, decoded: { tokens, ms } }: Writing): string {
  if (firstTokenMs === 0) return "Reading…";
  return `first token ${seconds(firstTokenMs)}${tokens > 0 ? ` · ${rate(tokens, ms)}` : ""}`;
}
