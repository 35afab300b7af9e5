// Someone looks at what came of a campaign: figures, charts, live codes, in both languages, while it runs.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { person, ROOT, startBrowser, startServer } from "./support.mjs";

const SHOTS = join(ROOT, "target/screenshots");
let server;
let browser;

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  server = await startServer();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A campaign that has spread: people from three touchpoints, who bring others and join groups. */
async function spread(campaign) {
  const touchpoints = ["ward-poster", "counter-card", "parcel-card"];
  const commands = [];
  for (let n = 0; n < 60; n++) {
    const touchpoint = touchpoints[n % 3];
    commands.push({ id: `v${n}`, do: "visit", by: `p${n}`, touchpoint });
    if (n % 4 === 0) commands.push({ id: `s${n}`, do: "scan", by: `p${n}`, name: "advisor", touchpoint });
    if (n % 8 === 0) commands.push({ id: `a${n}`, do: "add", by: `p${n}`, name: "advisor" });
    if (n % 5 === 0) commands.push({ id: `h${n}`, do: "share", by: `p${n}` });
  }
  await server.tell(campaign, commands);
  const { facts } = await server.ask(`/v1/campaigns/${campaign}/facts?limit=5000`);
  const codes = facts.filter(({ kind }) => kind === "shared").map(({ code }) => code);
  const next = [];
  codes.forEach((code, n) => {
    for (let friend = 0; friend <= n % 4; friend++)
      next.push({ id: `f${n}-${friend}`, do: "visit", by: `f${n}-${friend}`, code });
  });
  await server.tell(campaign, next);
}

test("figures and charts of a campaign that spreads, live and in both languages", async () => {
  await spread("mothers-chat");
  const { page, problems } = await person(browser, { viewport: { width: 1280, height: 900 }, scale: 1 });
  await page.goto(`${server.url}/insight.html?campaign=mothers-chat`);
  await page.locator("main").waitFor();
  const card = (name) => page.locator(`[data-card=${name}] b`).textContent();
  const report = await server.ask("/v1/campaigns/mothers-chat/insight");
  assert.equal(await card("people"), String(report.people));
  assert.equal(await card("k"), report.k.value.toFixed(2));
  assert.ok(report.k.value > 0.2 && report.tree.depth === 1, JSON.stringify(report.k));
  for (const chart of ["funnel", "days", "cohorts", "waves", "credit", "tree", "rfm"])
    assert.ok((await page.locator(`[data-chart=${chart}] svg path`).count()) > 0, `${chart} is empty`);
  assert.equal(await page.locator("[data-touchpoint]").count(), 4, "three touchpoints and what was shared");

  const path = "/v1/campaigns/mothers-chat/insight?window=7d";
  const other = await server.ask(`${path}&lookBack=1h&halfLife=1d&transform=exposure`);
  assert.equal(other.people, report.people);
  for (const wrong of ["lookBack=soon", "halfLife=-1d", "transform=guess"])
    assert.equal((await server.ask(`${path}&${wrong}`)).code, "PARAMETER_WRONG", wrong);

  const advisor = page.locator("[data-live-code=advisor]");
  const [codes] = await server.ask("/v1/campaigns/mothers-chat/live-codes");
  assert.equal(await advisor.locator("[data-next]").getAttribute("data-next"), codes.next ?? "");
  assert.equal(await advisor.locator("[data-target]").count(), 3);
  await page.screenshot({ path: join(SHOTS, "insight-en.png"), fullPage: true });

  await server.tell("mothers-chat", [{ id: "sw", do: "switch", name: "advisor/bo", text: "banned" }]);
  await advisor.locator("[data-target=bo] .status.banned").waitFor();
  await page.locator("[data-language]").click();
  await page.getByText("转化漏斗").waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: join(SHOTS, "insight-zh-phone.png"), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} pixels wider than a phone`);
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("[data-csv]").selectOption("credit"),
  ]);
  assert.match(saved.suggestedFilename(), /^mothers-chat-credit\.csv$/);
  assert.deepEqual(problems, []);
  await server.audit("mothers-chat");
});

test("posters and their variants, what a new customer cost, and who spread most", async () => {
  const campaign = "ten-friends";
  const commands = [
    { id: "e", do: "event", by: "q0", name: "ticket-bought", order: "t1", amount: 4000 },
    { id: "l", do: "open", by: "q0", play: "ten-friends", loop: "insight" },
  ];
  for (let n = 0; n < 40; n++) {
    const touchpoint = `poster-invite-${n % 4 === 0 ? "cash" : "friend"}`;
    commands.push({ id: `v${n}`, do: "visit", by: `q${n + 1}`, touchpoint });
    if (n % 5 === 0) commands.push({ id: `s${n}`, do: "share", by: `q${n + 1}` });
    if (n % 8 === 0) commands.push({ id: `h${n}`, do: "help", by: `q${n + 1}`, loop: "insight" });
  }
  await server.tell(campaign, commands);
  const { facts } = await server.ask(`/v1/campaigns/${campaign}/facts?limit=5000`);
  const codes = facts.filter(({ kind }) => kind === "shared").map(({ code }) => code);
  const friends = codes.flatMap((code, n) =>
    Array.from({ length: 1 + (n % 3) }, (_, at) => ({
      id: `g${n}-${at}`,
      do: "visit",
      by: `g${n}-${at}`,
      code,
    })),
  );
  await server.tell(campaign, friends);
  const { page, problems } = await person(browser, { viewport: { width: 1280, height: 900 }, scale: 1 });
  await page.goto(`${server.url}/insight.html?campaign=${campaign}`);
  await page.locator("main").waitFor();
  const report = await server.ask(`/v1/campaigns/${campaign}/insight`);
  const cells = (row) => page.locator(`[data-poster=${row}] td`).allTextContents();
  const [first] = report.posters;
  assert.equal(first.name, "poster-invite-friend");
  assert.equal(first.scanned, 30);
  assert.deepEqual((await cells(first.name)).slice(0, 4), ["invite-friend", "–", "30", "30"]);
  const [best] = report.spreaders;
  const row = page.locator(`[data-spreader=${best.who}] td`);
  assert.deepEqual((await row.allTextContents()).slice(0, 3), [best.who, `${best.brought}`, `${best.reach}`]);
  const popcorn = report.rewards.find(({ reward }) => reward === "popcorn");
  const given = await page.locator("[data-reward=popcorn] td").allTextContents();
  assert.deepEqual(given.slice(0, 2), ["popcorn", String(popcorn.count)]);
  await page.screenshot({ path: join(SHOTS, "insight-posters.png"), fullPage: true });
  assert.deepEqual(problems, []);
});
