import { asText, checked } from "./engine.js";
import { CampaignError, type Problem } from "./errors.js";
import { complete, ready } from "./runtime.js";
import type { Campaign } from "./types.js";

/** What one reward can cost. Amounts are minor units. */
export interface RewardCost {
  /** Its name in the document. */
  reward: string;
  title: string;
  kind: string;
  /** What one grant costs: cash its `amount`, all else its `worth`; `null` where the document does not say, or grants differ. */
  each: number | null;
  /** How many there are. */
  stock: number | null;
  /** How much money there is for it. */
  budget: number | null;
  /** Stock times `each`, and not more than the budget; `null` where nothing bounds it, or what one is worth is not known. */
  most: number | null;
}

/** What all rewards of a campaign can cost. */
export interface Costs {
  /** The ISO 4217 code of every amount. */
  currency: string;
  /** The sum of what is known of each reward, in minor units. */
  most: number;
  /** Whether that is all: of every reward it is known. */
  whole: boolean;
  rewards: RewardCost[];
}

/**
 * What the rewards of a campaign can cost at most, by their stock and budget. What plays take off prices, as a bargain or the
 * price of a group, is no reward and not in it.
 *
 * ```js
 * const { most, currency, whole } = await costs(campaign);
 * ```
 *
 * @throws {CampaignError} with every problem of the document; `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
 */
export async function costs(campaign: Campaign | string): Promise<Costs> {
  const text = asText(campaign);
  await ready();
  const found = checked(complete().costs(text));
  if (Array.isArray(found)) throw new CampaignError(found as Problem[]);
  return found as Costs;
}
