import type { LiveCodeView, Report } from "kfactor";

/** What the page shows of a campaign. */
export interface Figures {
  report: Report;
  codes: LiveCodeView[];
  /** The campaign's currency. */
  currency: string;
}

/** The server asks for the secret key. */
export class KeyNeeded extends Error {}

const KEY = "kfactor-insight:key";

/** Keeps the secret key as long as the window is open, and nowhere else. */
export function keepKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

/** The campaigns that can be looked at without a key: those of the demonstration. */
export async function campaigns(): Promise<string[]> {
  const response = await fetch("/demo/campaigns");
  if (!response.ok) return [];
  return ((await response.json()) as { campaigns: string[] }).campaigns;
}

/** The figures of a campaign: from the demonstration, or with the secret key. */
export async function figures(campaign: string, window: string): Promise<Figures> {
  const name = encodeURIComponent(campaign);
  const key = sessionStorage.getItem(KEY);
  const paths =
    key === null
      ? [`/demo/insight?campaign=${name}&window=${window}`, `/demo/live-codes?campaign=${name}`]
      : [`/v1/campaigns/${name}/insight?window=${window}`, `/v1/campaigns/${name}/live-codes`];
  const headers: Record<string, string> = key === null ? {} : { Authorization: `Bearer ${key}` };
  const [report, codes] = await Promise.all(paths.map((path) => ask(path, headers)));
  const currency = await currencyOf(name, key);
  return { report: report as Report, codes: codes as LiveCodeView[], currency };
}

const currencies = new Map<string, string>();

/** The currency of a campaign's document, which never changes. */
async function currencyOf(name: string, key: string | null): Promise<string> {
  const known = currencies.get(name);
  if (known !== undefined) return known;
  const ofDemo = async (): Promise<string> =>
    ((await ask("/demo/identity?participant=insight", {})) as { key: string }).key;
  const headers = { Authorization: `Bearer ${key ?? (await ofDemo())}` };
  const { currency = "CNY" } = (await ask(`/v1/campaigns/${name}`, headers)) as { currency?: string };
  currencies.set(name, currency);
  return currency;
}

async function ask(path: string, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(path, { headers });
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const body: unknown = isJson ? await response.json() : {};
  if (response.ok && isJson) return body;
  const { code = "", message } = body as { code?: string; message?: string };
  if (path.startsWith("/demo/") && !isJson) throw new KeyNeeded();
  if (response.status === 401 || response.status === 403 || code === "PATH_UNKNOWN") {
    sessionStorage.removeItem(KEY);
    throw new KeyNeeded();
  }
  throw new Error(message ?? `${response.status}`);
}
