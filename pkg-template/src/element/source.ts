// What the attributes of <kf-loop> say, as the options of a loop.
import type { Backend } from "../backends/backend.js";
import { http } from "../backends/http.js";
import { local } from "../backends/local.js";
import { KfactorError } from "../errors.js";
import type { LoopOptions } from "../loop/loop.js";
import type { Campaign } from "../types.js";

/** Attributes and properties that say who takes part in what. */
export interface Said {
  /** An id that the backend knows, an address of a document, or a document. */
  campaign: Campaign | string | null;
  /** The backend's address, `local`, or a backend. */
  backend: Backend | string | null;
  key: string | null;
  participant: string | null;
  proof: string | null;
  loop: string | null;
  lang: "en" | "zh";
}

/** The options of a loop; `null` while something is not said yet, as before a log-in. */
export async function optionsFrom(said: Said): Promise<LoopOptions | null> {
  const { campaign, backend, key, participant, proof, loop, lang } = said;
  if (campaign === null || backend === null || participant === null) return null;
  const keeper =
    typeof backend !== "string" ? backend : backend === "local" ? local() : http(backend, { key: key ?? "" });
  return {
    campaign: typeof campaign === "string" ? await documentOf(campaign, said) : campaign,
    participant: proof === null ? { id: participant } : { id: participant, proof },
    backend: keeper,
    lang,
    ...(loop !== null && { loop }),
  };
}

/** A campaign's id has no slash and no dot, an address has one; a document begins with a brace. */
async function documentOf(campaign: string, { backend, key }: Said): Promise<string> {
  if (campaign.trimStart().startsWith("{")) return campaign;
  const isAddress = /[/.]/.test(campaign);
  const address = isAddress ? campaign : `${String(backend).replace(/\/+$/, "")}/v1/campaigns/${campaign}`;
  const headers: Record<string, string> = isAddress || key === null ? {} : { Authorization: `Bearer ${key}` };
  const response = await fetch(address, { headers }).catch((reason: unknown) => {
    throw notThere(address, "", reason);
  });
  if (!response.ok) throw notThere(address, ` (${response.status})`);
  return response.text();
}

function notThere(address: string, status: string, cause?: unknown): KfactorError {
  return new KfactorError(
    "CAMPAIGN_NOT_LOADED",
    `The campaign could not be loaded from ${address}${status}.`,
    `活动加载失败：${address}${status}。`,
    cause,
  );
}
