import express from "express";
import { position, refusal } from "./commands.mjs";
import { records } from "./records.mjs";

/** Lets pages of other origins ask; they do so before they send. */
export function otherOrigins(request, response, next) {
  response.set({
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "content-type, authorization",
  });
  return request.method === "OPTIONS" ? response.sendStatus(204) : next();
}

/** Reports of pages. `keep` takes records, and has stored them when it returns: the answer is what lets a page forget them. */
export function reports(app, keep) {
  app.post("/reports", express.text({ type: () => true, limit: "64kb" }), async (request, response) => {
    const read = records(request.body);
    if (read !== undefined) await keep(read);
    response.sendStatus(read === undefined ? 400 : 204);
  });
}

/**
 * A store that pages replay. `commands` keeps them, for campaigns whose ids are in `campaigns`; `isBackend` says whether a
 * request comes from the site itself.
 */
export function store(app, { commands, campaigns, isBackend }) {
  app.param("campaign", (_, response, next, id) => (campaigns.has(id) ? next() : response.sendStatus(404)));
  app.get("/store/:campaign/commands", async ({ params, query }, response) => {
    response.json(await commands.list(params.campaign, position(query.after), query.loop));
  });
  app.post("/store/:campaign/commands", express.json({ limit: "16kb" }), async (request, response) => {
    const refused = refusal(request.body, isBackend(request));
    if (refused) return void response.status(refused.status).json(refused);
    const place = await commands.append(request.params.campaign, request.body);
    response.status(place ? 200 : 409).json(place ?? { code: "COMMAND_ID_REUSED" });
  });
}
