// The CloudEvents SDK for JavaScript, behind Node's own server:
//   REPORTS=reports.ndjson PORT=8080 node cloudevents.mjs
import { createServer } from "node:http";
import { HTTP } from "cloudevents";
import { ndjson } from "./ndjson.mjs";

const { keep } = await ndjson(process.env.REPORTS ?? "reports.ndjson");

const server = createServer(async (request, response) => {
  try {
    const body = Buffer.concat(await request.toArray()).toString();
    const events = [HTTP.toEvent({ headers: request.headers, body })].flat();
    // `validate` throws for most mistakes and only says `false` for others, as a specversion of its own.
    if (!events.every((event) => event.validate())) throw new Error("not CloudEvents 1.0");
    await keep(events.map((event) => event.toJSON()));
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(400).end(error.message);
  }
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
