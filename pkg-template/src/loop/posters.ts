// The posters of a loop's campaign: which template, which variant, which touchpoint.
import { KfactorError } from "../errors.js";
import { variant } from "../experiment.js";
import type { Campaign, PosterTemplate } from "../types.js";

/** A poster of the campaign document. */
export function posterOf(document: string, name: string): PosterTemplate {
  const { posters = {} } = JSON.parse(document) as Campaign;
  const poster = Object.prototype.hasOwnProperty.call(posters, name) ? posters[name] : undefined;
  if (poster === undefined) {
    throw new KfactorError(
      "POSTER_UNKNOWN",
      `The campaign has no poster "${name}".`,
      `活动中没有海报“${name}”。`,
    );
  }
  return poster;
}

/** The variant that a participant shares, always the same; `undefined` for a poster without variants. */
export function variantFor(
  poster: string,
  { variants = [] }: PosterTemplate,
  participant: string,
): string | undefined {
  return variants.length === 0 ? undefined : variant(`poster-${poster}`, participant, variants);
}

/** The touchpoint that stands for a poster and its variant. */
export function touchpointOf(poster: string, variant: string | undefined): string {
  return variant === undefined ? `poster-${poster}` : `poster-${poster}-${variant}`;
}
