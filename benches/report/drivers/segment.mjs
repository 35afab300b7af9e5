import { browser } from "../browser.mjs";

/** Segment's library with the delivery that it has by itself: a request for each event. */
export const segment = driver("Segment analytics-next", "{}");

/** … with its batches of ten. */
export const segmentBatched = driver(
  "Segment analytics-next, batching",
  `{ deliveryStrategy: { strategy: "batching", config: { size: 10, timeout: 5000 } } }`,
);

function driver(name, delivery) {
  return {
    name,
    package: "@segment/analytics-next",
    open: browser,
    source: `
      import { AnalyticsBrowser } from "@segment/analytics-next";
      const settings = { apiKey: "key", apiHost: "sink.example/v1", ...${delivery} };
      const cdnSettings = { integrations: { "Segment.io": settings } };
      const analytics = AnalyticsBrowser.load({ writeKey: "key", cdnSettings }, { integrations: { "Segment.io": settings } });
      globalThis.track = (n) => void analytics.track("helped", { n });
    `,
    read: ({ url, body }) => {
      // Figures about the library itself.
      if (url.endsWith("/m")) return [];
      const sent = JSON.parse(body);
      return (sent.batch ?? [sent]).map(({ messageId, properties }) => ({ id: messageId, n: properties.n }));
    },
  };
}
