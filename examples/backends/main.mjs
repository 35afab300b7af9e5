// A whole backend: reports into a file or PostgreSQL, and a store that pages replay.
//   STORE=redis://… | postgres://…  KEY=…  CAMPAIGNS=ten-friends,…  [PORT=8080]  node main.mjs express|fastify
import { timingSafeEqual } from "node:crypto";
import { ndjson } from "./ndjson.mjs";

const { STORE, KEY, CAMPAIGNS = "", PORT = "8080" } = process.env;
const campaigns = new Set(CAMPAIGNS.split(","));
if (!STORE || !KEY)
  throw new Error(
    "set STORE to the address of Redis or PostgreSQL, and KEY to the secret of the site's backend",
  );

const isRedis = STORE.startsWith("redis:");
const commands = isRedis
  ? await (await import("./redis.mjs")).redis(STORE)
  : await (await import("./postgres.mjs")).postgres(STORE);
const { keep } = isRedis ? await ndjson("reports.ndjson") : commands;

const wanted = Buffer.from(`Bearer ${KEY}`);
const isBackend = ({ headers }) => {
  const given = Buffer.from(headers.authorization ?? "");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

const listen = { express: listenExpress, fastify: listenFastify }[process.argv[2] ?? "express"];
console.log(`listening on http://127.0.0.1:${await listen()}`);

async function listenExpress() {
  const [{ default: express }, { otherOrigins, reports, store }] = await Promise.all([
    import("express"),
    import("./express.mjs"),
  ]);
  const app = express();
  app.use(otherOrigins);
  reports(app, keep);
  store(app, { commands, campaigns, isBackend });
  return new Promise((resolve, reject) => {
    const server = app.listen(Number(PORT), "127.0.0.1", (error) =>
      error ? reject(error) : resolve(server.address().port),
    );
  });
}

async function listenFastify() {
  const [{ default: fastify }, { otherOrigins, reports, store }] = await Promise.all([
    import("fastify"),
    import("./fastify.mjs"),
  ]);
  const app = fastify();
  otherOrigins(app);
  app.register(async (scope) => reports(scope, keep));
  app.register(async (scope) => store(scope, { commands, campaigns, isBackend }));
  await app.listen({ host: "127.0.0.1", port: Number(PORT) });
  return app.server.address().port;
}
