import { browser } from "../browser.mjs";

/** Snowplow's tracker for browsers, as its introduction configures it. */
export const snowplow = {
  name: "Snowplow browser-tracker",
  package: "@snowplow/browser-tracker",
  open: browser,
  source: `
    import { newTracker, trackStructEvent } from "@snowplow/browser-tracker";
    newTracker("sp", "https://sink.example", { appId: "shop", eventMethod: "post" });
    globalThis.track = (n) => trackStructEvent({ category: "kfactor", action: "helped", value: n });
  `,
  read: ({ body }) => JSON.parse(body).data.map(({ eid, se_va }) => ({ id: eid, n: Number(se_va) })),
};
