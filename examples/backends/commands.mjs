// What a store that pages replay has to hold back. It knows no rules of any campaign: pages decide, and `kfactor audit`
// re-decides.

/** What pages ask for. Everything else says that money moved or goods were handed over, which only the backend may say. */
const OF_PAGES = new Set(
  "visit share open help join leave check-in submit draw claim redeem activate scan".split(" "),
);

/** Why a command cannot be taken, as status and code; `undefined` if it can. */
export function refusal(command, isBackend) {
  const isCommand = isText(command?.id) && isText(command.do) && isText(command.loop ?? "none");
  if (!isCommand) return { status: 400, code: "COMMAND_MALFORMED" };
  if (!isBackend && !OF_PAGES.has(command.do)) return { status: 401, code: "SECRET_KEY_NEEDED" };
  return undefined;
}

/** What a command asks for, as text: without the page's clock, and without the time, which the store stamps. */
export function asked({ at, clock, seq, ...command }) {
  return JSON.stringify(command);
}

/** The loop a command is listed under; an `open` without one opens the loop that has the command's id. */
export function loopOf(command) {
  return command.loop ?? (command.do === "open" ? command.id : null);
}

/** Commands listed at most at once. */
export const PAGE = 1000;

/** The position that a list begins after; whatever is none is the beginning. */
export function position(after) {
  const wanted = Number(after);
  return Number.isSafeInteger(wanted) && wanted > 0 ? wanted : 0;
}

const isText = (value) => typeof value === "string" && value !== "";
