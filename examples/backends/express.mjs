import express from "express";
import { refusal } from "./commands.mjs";
import { records } from "./records.mjs";

/** Reports of pages. `keep` takes records, and has stored them when it returns: the answer is what lets a page forget them. */
export function reports(app, keep) {
  app.use("/reports", (request, response, next) => {
    response.set({ "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "content-type" });
    return request.method === "OPTIONS" ? response.sendStatus(204) : next();
  });
  app.post("/reports", express.text({ type: () => true, limit: "64kb" }), async (request, response) => {
    const read = records(request.body);
    if (read !== undefined) await keep(read);
    response.sendStatus(read === undefined ? 400 : 204);
  });
}

/** A store that pages replay. `commands` keeps them; `isBackend` says whether a request comes from the site itself. */
export function store(app, commands, isBackend) {
  app.get("/store/:campaign/commands", async ({ params, query }, response) => {
    response.json(await commands.list(params.campaign, Number(query.after) || 0, query.loop));
  });
  app.post("/store/:campaign/commands", express.json({ limit: "16kb" }), async (request, response) => {
    const refused = refusal(request.body, isBackend(request));
    if (refused) return void response.status(refused.status).json(refused);
    const place = await commands.append(request.params.campaign, request.body);
    response.status(place ? 200 : 409).json(place ?? { code: "COMMAND_ID_REUSED" });
  });
}
