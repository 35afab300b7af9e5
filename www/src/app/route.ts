import { reactive } from "vue";

/** What the address says: which campaign, which loop, and the token that led here. */
export interface Route {
  campaign: string | null;
  loop: string | null;
  token: string | null;
}

/** The current route; `go` changes it. */
export const route = reactive<Route>(read());

addEventListener("popstate", () => Object.assign(route, read()));

/** Goes to another place of the page, which gets an address of its own. */
export function go(target: Partial<Route>, { replace = false } = {}): void {
  const next = { campaign: null, loop: null, token: null, ...target };
  const address = addressOf(next);
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  Object.assign(route, next);
  if (!replace) scrollTo(0, 0);
}

function addressOf({ campaign, loop, token }: Route): URL {
  const address = new URL(location.pathname, location.origin);
  if (campaign !== null) address.searchParams.set("campaign", campaign);
  if (token !== null) address.searchParams.set("kf", token);
  if (loop !== null) address.searchParams.set("loop", loop);
  return address;
}

function read(): Route {
  const values = new URLSearchParams(location.search);
  return { campaign: values.get("campaign"), loop: values.get("loop"), token: values.get("kf") };
}
