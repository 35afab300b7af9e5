import { cut, decoded, valuesOf } from "../backends/address.js";
import type { Address } from "../host/host.js";
import type { Campaign } from "../types.js";
import { type KeyValue, recall, remember } from "./storage.js";

/** What brought a participant here. */
export interface Arrival {
  /** The signed token of a share link or touchpoint. */
  token?: string;
  /** The loop they were invited to. */
  loop?: string;
  /** The referral code in the address. */
  code?: string;
  /** The touchpoint, where no backend signs tokens. */
  touchpoint?: string;
  /** What advertisements and mailings add to links: the document says which touchpoint it stands for. */
  utm?: UtmLink;
  /** The token came alone, as in a mini-program's code, which has no room for a loop: the backend knows it. */
  isBare?: boolean;
}

/** The `utm_…` parameters of a link. */
export interface UtmLink {
  source: string;
  medium?: string;
  campaign?: string;
}

const TOKEN = /^[0-9A-Za-z]{29}$/;
const NAME = /^[a-z][a-z0-9-]{0,39}$/;
const LOOP = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Reads the address (`?kf=…&loop=…&code=…`, also behind `#`) or a mini-program's query, and keeps what it says, so that
 * a log-in or a reload loses nothing. A later arrival without a token does not erase an earlier one.
 */
export function arrive(storage: KeyValue, key: string, address: Address): Arrival {
  const known = recall<Arrival>(storage, key) ?? {};
  const found = arrivalOf(address);
  // Another token's loop is not this one's.
  if (found.token !== undefined && found.token !== known.token) {
    delete known.loop;
    delete known.isBare;
  }
  const arrival = { ...known, ...found };
  if (arrival.loop !== undefined) delete arrival.isBare;
  remember(storage, key, arrival);
  return arrival;
}

/** What an address, or the query that a mini-program's page gets in `onLoad`, says about how somebody came. */
export function arrivalOf(address: Address): Arrival {
  return typeof address === "string" ? ofAddress(address) : ofQuery(address);
}

function ofAddress(address: string): Arrival {
  const [beforeHash, hash = ""] = cut(address, "#");
  const [page, search = ""] = cut(beforeHash, "?");
  // Single-page routers put a path and its own question mark behind the hash.
  const [, hashSearch = hash] = cut(hash, "?");
  return { ...ofShortLink(page), ...ofValues(valuesOf(search)), ...ofValues(valuesOf(hashSearch)) };
}

/**
 * What `onLoad` got: `scene` of a mini-program's code, `q` of an ordinary link that opened the mini-program, and the
 * values of a shared card. The host hands them on encoded.
 */
function ofQuery(query: Exclude<Address, string>): Arrival {
  const { scene, q, ...rest } = query;
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(rest))
    if (typeof value === "string") values.set(name, decoded(value));
  const link = typeof q === "string" ? ofAddress(decoded(q)) : {};
  const code = typeof scene === "string" ? ofScene(decoded(scene)) : {};
  return { ...link, ...code, ...ofValues(values) };
}

/** A scene is a token, or a short query such as `code=7K3M-9QXD`. */
function ofScene(scene: string): Arrival {
  return TOKEN.test(scene) ? { token: scene, isBare: true } : ofValues(valuesOf(scene));
}

/** A link whose page is the token: `https://example.com/r/{token}`. */
function ofShortLink(page: string): Arrival {
  const token = page.slice(page.lastIndexOf("/") + 1);
  return /\/r\/[^/]+$/.test(page) && TOKEN.test(token) ? { token, isBare: true } : {};
}

function ofValues(values: ReadonlyMap<string, string>): Arrival {
  const arrival: Arrival = {};
  const token = values.get("kf");
  const loop = values.get("loop");
  const code = values.get("code");
  const touchpoint = values.get("touchpoint");
  if (token !== undefined && TOKEN.test(token)) arrival.token = token;
  if (loop !== undefined && LOOP.test(loop)) arrival.loop = loop;
  if (code !== undefined && code.length <= 16) arrival.code = code;
  if (touchpoint !== undefined && NAME.test(touchpoint)) arrival.touchpoint = touchpoint;
  const [source, medium, campaign] = ["source", "medium", "campaign"].map((name) => shortOf(values, name));
  if (source !== undefined)
    arrival.utm = {
      source,
      ...(medium !== undefined && { medium }),
      ...(campaign !== undefined && { campaign }),
    };
  return arrival;
}

function shortOf(values: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = values.get(`utm_${name}`);
  return value !== undefined && value !== "" && value.length <= 80 ? value : undefined;
}

/**
 * The touchpoint that `utm_…` parameters stand for: of those whose `utm` fits, the one with the most parts, then the first;
 * else the one that is named like the source, as in links of `kfactor touchpoints --utm`.
 */
export function touchpointOfUtm({ touchpoints = {} }: Campaign, link: UtmLink): string | undefined {
  let best: string | undefined;
  let most = 0;
  for (const [name, rules] of Object.entries(touchpoints)) {
    const utm = rules?.utm;
    if (utm === undefined) continue;
    const parts = Object.entries(utm) as [keyof UtmLink, string][];
    if (parts.length <= most || parts.some(([part, value]) => link[part] !== value)) continue;
    [best, most] = [name, parts.length];
  }
  if (best !== undefined) return best;
  return Object.prototype.hasOwnProperty.call(touchpoints, link.source) ? link.source : undefined;
}
