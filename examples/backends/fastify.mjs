import { refusal } from "./commands.mjs";
import { records } from "./records.mjs";

/** Reports of pages. `keep` takes records, and has stored them when it returns: the answer is what lets a page forget them. */
export async function reports(app, keep) {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string", bodyLimit: 65_536 }, async (_, body) => body);
  app.addHook("onRequest", async (_, reply) => {
    reply.headers({ "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "content-type" });
  });
  app.options("/reports", (_, reply) => reply.code(204).send());
  app.post("/reports", async (request, reply) => {
    const read = records(request.body);
    if (read !== undefined) await keep(read);
    return reply.code(read === undefined ? 400 : 204).send();
  });
}

/** A store that pages replay. `commands` keeps them; `isBackend` says whether a request comes from the site itself. */
export async function store(app, commands, isBackend) {
  app.get("/store/:campaign/commands", ({ params, query }) =>
    commands.list(params.campaign, Number(query.after) || 0, query.loop),
  );
  app.post("/store/:campaign/commands", { bodyLimit: 16_384 }, async (request, reply) => {
    const refused = refusal(request.body, isBackend(request));
    if (refused) return reply.code(refused.status).send(refused);
    const place = await commands.append(request.params.campaign, request.body);
    return reply.code(place ? 200 : 409).send(place ?? { code: "COMMAND_ID_REUSED" });
  });
}
