import { position, refusal } from "./commands.mjs";
import { records } from "./records.mjs";

/** Lets pages of other origins ask; they do so before they send. */
export function otherOrigins(app) {
  app.addHook("onRequest", async (_, reply) => {
    reply.headers({
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Headers": "content-type, authorization",
    });
  });
  app.options("/*", (_, reply) => reply.code(204).send());
}

/** Reports of pages. `keep` takes records, and has stored them when it returns: the answer is what lets a page forget them. */
export async function reports(app, keep) {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string", bodyLimit: 65_536 }, async (_, body) => body);
  app.post("/reports", async (request, reply) => {
    const read = records(request.body);
    if (read !== undefined) await keep(read);
    return reply.code(read === undefined ? 400 : 204).send();
  });
}

/**
 * A store that pages replay. `commands` keeps them, for campaigns whose ids are in `campaigns`; `isBackend` says whether a
 * request comes from the site itself.
 */
export async function store(app, { commands, campaigns, isBackend }) {
  app.addHook("onRequest", async ({ params }, reply) => {
    if (!campaigns.has(params.campaign)) return reply.code(404).send({ code: "CAMPAIGN_UNKNOWN" });
  });
  app.get("/store/:campaign/commands", ({ params, query }) =>
    commands.list(params.campaign, position(query.after), query.loop),
  );
  app.post("/store/:campaign/commands", { bodyLimit: 16_384 }, async (request, reply) => {
    const refused = refusal(request.body, isBackend(request));
    if (refused) return reply.code(refused.status).send(refused);
    const place = await commands.append(request.params.campaign, request.body);
    return reply.code(place ? 200 : 409).send(place ?? { code: "COMMAND_ID_REUSED" });
  });
}
