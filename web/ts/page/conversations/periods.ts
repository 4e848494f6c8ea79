/** How long ago something was, in the words of a calendar. */

const DAY_MS = 86_400_000;

export function periodOf(time: number, now = Date.now()): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (time >= midnight) return "Today";
  if (time >= midnight - DAY_MS) return "Yesterday";
  if (time >= midnight - 6 * DAY_MS) return "This week";
  return new Date(time).toLocaleDateString(undefined, { month: "long", year: "numeric" });
}
