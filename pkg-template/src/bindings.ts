import { checked } from "./engine.js";
import { complete, ready } from "./runtime.js";

/** How a site locks customers to inviters (锁客). */
export interface Policy {
  /** What binds a customer: the latest click before it, or the first click itself. */
  lock?: "first-touch" | "first-register" | "first-order" | "first-pay";
  /** Whether a later click changes the inviter. */
  rebind?: "never" | "after-protection" | "always";
  /** How long a binding is protected, in milliseconds; 30 days if absent. */
  protection?: number;
  /** Who can be bound. */
  eligible?: "all" | "new-only";
  /** What begins the protection again. */
  renewOn?: "none" | "purchase" | "visit";
}

/** Something that happened, at any time and told in any order. `other` is who shared, or the other id of a merge. */
export type HistoryEvent = { id: string; at: number; who: string } & (
  { do: "click" | "merge"; other: string } | { do: "visit" | "register" | "order" | "pay" }
);

/** Who is whose inviter. */
export interface Bindings {
  /** Customers with their inviters; nobody else can become the inviter before `until`, or ever if that is absent. */
  bound: { who: string; inviter: string; since: number; until?: number | null }[];
  /** Events that do not count: `self`, `cycle`, `not-new`, `protected`, `both-known`. */
  refused: { id: string; reason: string }[];
  /** Lines that are no events. */
  skipped: number;
}

/**
 * Who is whose inviter by a site's policy. Events are taken in the order of their time and id, so late ones and any order
 * of arrival lead to the same; ids that are merged were one person all along.
 *
 * @throws {KfactorError} `POLICY_UNKNOWN`, or `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
 */
export async function bindings(
  events: readonly HistoryEvent[] | Uint8Array,
  policy: Policy = {},
): Promise<Bindings> {
  const bytes = events instanceof Uint8Array ? events : new TextEncoder().encode(JSON.stringify(events));
  const { lock = "first-touch", rebind = "after-protection", eligible = "all", renewOn = "none" } = policy;
  const protection = policy.protection ?? 30 * 86_400_000;
  await ready();
  return checked(complete().bindings(bytes, lock, rebind, protection, eligible, renewOn)) as Bindings;
}
