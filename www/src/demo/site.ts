import type { Answer, Campaign, Fact } from "kfactor";

/** Who somebody is, as the site's own backend says it. */
export interface Identity {
  participant: string;
  proof: string;
  /** The publishable key of the page. */
  key: string;
}

/** What the stand-in for the site's backend answers: the engine's answer and the order it was about. */
export type SiteAnswer = Answer & { order?: string };

/** A refusal or failure of the stand-in, with sentences for a person. */
export class SiteError extends Error {
  readonly messageZh: string;

  constructor(message: string, messageZh: string) {
    super(message);
    this.name = "SiteError";
    this.messageZh = messageZh;
  }
}

/** The ids of the campaigns that run here. */
export async function campaignIds(): Promise<string[]> {
  return (await ask<{ campaigns: string[] }>("GET", "/demo/campaigns")).campaigns;
}

/** Proves a participant. On a real site this needs a log-in; here everybody may be anybody. */
export function identify(participant: string): Promise<Identity> {
  return ask("GET", `/demo/identity?participant=${encodeURIComponent(participant)}`);
}

/** A campaign document, for the page. */
export function documentOf(campaign: string, identity: Identity): Promise<Campaign> {
  return ask("GET", `/v1/campaigns/${encodeURIComponent(campaign)}`, undefined, identity);
}

/** The facts of one loop after a position, and the position to go on from. */
export function factsOf(
  campaign: string,
  loop: string,
  after: number,
  identity: Identity,
): Promise<{ facts: Fact[]; next: number }> {
  const path = `/v1/campaigns/${encodeURIComponent(campaign)}/facts?loop=${encodeURIComponent(loop)}&after=${after}`;
  return ask("GET", path, undefined, identity);
}

/** The payment provider says that a payment was received. No money moves. */
export function pay(payment: {
  campaign: string;
  by: string;
  loop?: string;
  play?: string;
  order: string;
  amount: number;
}): Promise<SiteAnswer> {
  return ask("POST", "/demo/pay", payment);
}

/** Something happened on the site; each time is an order of its own. */
export function event(happening: {
  campaign: string;
  by: string;
  name: string;
  amount?: number;
  price?: number;
  count?: number;
}): Promise<SiteAnswer> {
  return ask("POST", "/demo/event", { ...happening, order: newOrder() });
}

/** An order was paid back. */
export function refund(request: { campaign: string; order: string }): Promise<SiteAnswer> {
  return ask("POST", "/demo/refund", request);
}

/** What else only the site's backend may do. */
export interface Deed {
  do: "review" | "enter" | "exit" | "message" | "fulfil" | "fail" | "revoke" | "use" | "tick";
  by?: string;
  loop?: string;
  play?: string;
  name?: string;
  text?: string;
  grant?: string;
}

/** Does it; each call is a press of its own. */
export function act(deed: Deed & { campaign: string }): Promise<SiteAnswer> {
  return ask("POST", "/demo/act", { ...deed, press: newOrder() });
}

/** Moves the clock of the demonstration; gives the time it has now. */
export async function forward(milliseconds: number): Promise<number> {
  return (await ask<{ now: number }>("POST", "/demo/clock", { forward: milliseconds })).now;
}

/** The number of an order that does not exist yet. */
export function newOrder(): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `D${Array.from(random, (part) => part.toString(36))
    .join("")
    .toUpperCase()
    .slice(0, 10)}`;
}

async function ask<T>(method: string, path: string, body?: object, identity?: Identity): Promise<T> {
  const headers: Record<string, string> = {};
  if (identity !== undefined) headers.Authorization = `Bearer ${identity.key}`;
  const request: RequestInit = { method, headers };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new SiteError("No connection at the moment.", "网络不可用，请稍后重试。");
  }
  const answer = (await response.json().catch(() => null)) as
    (T & { message?: string; messageZh?: string }) | null;
  if (response.ok && answer !== null) return answer;
  const message = answer?.message ?? `The server answered ${response.status}.`;
  throw new SiteError(message, answer?.messageZh ?? `服务器返回 ${response.status}。`);
}
