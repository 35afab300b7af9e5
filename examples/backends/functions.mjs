// A function on a CloudEvents platform (Cloud Run, Knative …), behind Google's framework:
//   npx functions-framework --source=functions.mjs --target=report --signature-type=cloudevent
// It takes one event a request, so the reports have to be sent `cloudevents`, not as a batch.
import functions from "@google-cloud/functions-framework";
import { ndjson } from "./ndjson.mjs";

const { keep } = await ndjson(process.env.REPORTS ?? "reports.ndjson");

functions.cloudEvent("report", async (event) => {
  if (!event.id || !event.source) throw new Error("an event without id and source cannot be counted once");
  await keep([event]);
});
