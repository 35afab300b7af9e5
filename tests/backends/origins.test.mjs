// Reports of a page of another origin, from a real browser: with its preflight, and from a page that closes.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { FORMS, backend, folder, lines, needed, nginx, records, redis } from "./support.mjs";

let browser;
let site;
before(async () => {
  browser = await chromium.launch({ executablePath: needed("CHROMIUM"), args: ["--no-sandbox"] });
  site = createServer((_, response) =>
    response.setHeader("Content-Type", "text/html").end("<!doctype html><p>A page"),
  );
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  await browser?.close();
  site?.close();
});

const RECEIVERS = {
  express: (t) => collecting(t, "express"),
  fastify: (t) => collecting(t, "fastify"),
  nginx: async (t) => {
    const { address, log } = await nginx(t);
    const bodies = () => lines(log).filter(({ status, body }) => status === 204 && body !== "");
    return { address, ids: () => bodies().map(({ body }) => JSON.parse(body).id) };
  },
};

for (const [name, start] of Object.entries(RECEIVERS)) {
  test(`${name} takes reports of a page of another origin, and of one that closes`, async (t) => {
    const { address, ids } = await start(t);
    const [asked, closing] = records(2);
    const page = await browser.newPage();
    await page.goto(`http://localhost:${site.address().port}/`);
    const send = async ([address, type, body]) =>
      (await fetch(address, { method: "POST", headers: { "Content-Type": type }, body })).status;
    assert.equal(await page.evaluate(send, [address, FORMS.cloudevents.type, JSON.stringify(asked)]), 204);
    // What is refused can be read as well: a page has to know whether to wait or to give up.
    if (name !== "nginx")
      assert.equal(await page.evaluate(send, [address, FORMS.cloudevents.type, "{}"]), 400);
    assert.equal(await page.evaluate(send, [address, "text/plain", "x".repeat(70_000)]), 413);

    await page.evaluate(
      ([address, type, body]) => {
        addEventListener("pagehide", () => navigator.sendBeacon(address, new Blob([body], { type })));
      },
      [address, FORMS.beacon.type, JSON.stringify(closing)],
    );
    await page.goto("about:blank");
    await page.close();
    for (let tries = 0; ids().length < 2 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(ids(), [asked.id, closing.id]);
  });
}

/** Express or Fastify with a file of reports. */
async function collecting(t, framework) {
  const home = folder(t);
  const base = await backend(t, framework, await redis(t), home);
  return {
    address: `${base}/reports`,
    ids: () => lines(join(home, "reports.ndjson")).map(({ id }) => id),
  };
}
