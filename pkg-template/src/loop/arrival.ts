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
}

const TOKEN = /^[0-9A-Za-z]{29}$/;
const NAME = /^[a-z][a-z0-9-]{0,39}$/;
const LOOP = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Reads the address (`?kf=…&loop=…&code=…`, also behind `#`) and keeps it, so that a log-in or a reload
 * loses nothing. A later arrival without a token does not erase an earlier one.
 */
export function arrive(storage: KeyValue, key: string, address: string): Arrival {
  const known = recall<Arrival>(storage, key) ?? {};
  const arrival = { ...known, ...read(address) };
  remember(storage, key, arrival);
  return arrival;
}

function read(address: string): Arrival {
  const arrival: Arrival = {};
  const [beforeHash = "", hash = ""] = split(address, "#");
  const [, search = ""] = split(beforeHash, "?");
  // Single-page routers put a path and its own question mark behind the hash.
  const [, hashSearch = hash] = split(hash, "?");
  for (const part of [search, hashSearch]) {
    const values = new URLSearchParams(part);
    const token = values.get("kf");
    const loop = values.get("loop");
    const code = values.get("code");
    if (token !== null && TOKEN.test(token)) arrival.token = token;
    if (loop !== null && LOOP.test(loop)) arrival.loop = loop;
    const touchpoint = values.get("touchpoint");
    if (code !== null && code.length <= 16) arrival.code = code;
    if (touchpoint !== null && NAME.test(touchpoint)) arrival.touchpoint = touchpoint;
  }
  return arrival;
}

function split(text: string, at: string): [string, string?] {
  const position = text.indexOf(at);
  return position < 0 ? [text] : [text.slice(0, position), text.slice(position + 1)];
}
