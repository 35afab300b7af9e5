import { query, valuesOf, cut } from "../backends/address.js";
import type { Share } from "../backends/backend.js";

/** What `onShareAppMessage` gives back. */
export interface ShareCard {
  title: string;
  /** The page with what its visitor brings. */
  path: string;
  /** A picture 5 wide and 4 high; the host's own of the page if absent. */
  imageUrl?: string;
}

/** How a card looks, and where it leads. */
export interface CardOptions {
  title: string;
  /** The page that opens, as `/pages/campaign/campaign`; it may bring values of its own. */
  page: string;
  imageUrl?: string;
}

/**
 * The card that a mini-program's page shares: the page with the token, the loop, or the code of what is shared.
 *
 * ```js
 * onShareAppMessage() {
 *   const card = { title, page: "/pages/campaign/campaign" };
 *   return { ...shareCard(this.shared, card), promise: loop.share().then((share) => shareCard(share, card)) };
 * }
 * ```
 */
export function shareCard(share: Share | null, { title, page, imageUrl }: CardOptions): ShareCard {
  const [path, own = ""] = cut(page, "?");
  const values = { ...Object.fromEntries(valuesOf(own)), ...(share === null ? {} : carried(share)) };
  return { title, path: path + query(values), ...(imageUrl === undefined ? {} : { imageUrl }) };
}

/** What a visitor brings along: the token says all but the loop; without one, the link does. */
function carried({ token, url, loop }: Share): Record<string, string | undefined> {
  if (token !== null) return { kf: token, loop };
  const [, search = ""] = cut(url, "?");
  return Object.fromEntries(valuesOf(search));
}
