// What participants do and bring: tasks, screenshots, chat groups, return visits.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, shareLink, startBrowser, startServer } from "./support.mjs";

const FRAME = {
  currency: "CNY",
  timezone: "+08:00",
  runs: { from: "2026-01-01T00:00", until: "2035-01-01T00:00" },
  rewards: { mask: { kind: "goods", title: "A mask 一片面膜", worth: "9.00", stock: 50 } },
};

const TASKS = {
  ...FRAME,
  id: "small-tasks",
  title: "Small tasks 小任务",
  plays: {
    fans: {
      mechanic: "task-unlock",
      title: "Follow and bring a friend 关注并邀请好友",
      tasks: [
        { name: "follow", event: "followed" },
        { name: "friends", invite: 1 },
      ],
      tiers: [{ at: 2, give: "mask" }],
      claim: "by-hand",
    },
  },
};

const POST = {
  ...FRAME,
  id: "small-post",
  title: "Small post 小晒图",
  plays: {
    post: {
      mechanic: "screenshot",
      title: "Send a screenshot 上传截图",
      give: ["mask"],
      most: 3,
      reviewWithin: "24h",
      ifUnreviewed: "reject",
    },
  },
};

const CHAT = {
  ...FRAME,
  id: "small-chat",
  title: "Small chat 小社群",
  plays: {
    chat: {
      mechanic: "group-fission",
      title: "One friend in the chat 邀一位好友进群",
      rooms: [{ name: "room-1", most: 5 }],
      tiers: [{ at: 1, give: ["mask"] }],
      claim: "by-hand",
    },
  },
};

const TELL = {
  ...FRAME,
  id: "small-share",
  title: "Small share 小分享",
  plays: {
    tell: { mechanic: "share", title: "A guest for a mask 邀一位到访", sharer: [{ every: 1, give: "mask" }] },
  },
};

let server;
let browser;

before(async () => {
  server = await startServer({ documents: [TASKS, POST, CHAT, TELL] });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a task of one's own and a friend unlock a reward, which is claimed", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=small-tasks`);
  await ann.page.locator("[data-main=start]").click();
  await ann.page.locator("[data-task=follow] .demo").click();
  await ann.page.locator("[data-task=follow][data-status=done]").waitFor();
  assert.equal(await ann.page.locator("[data-claim]").count(), 0);
  await bo.page.goto(await shareLink(ann.page));
  await bo.page.locator("[data-main=take-part]").click();
  await bo.page.locator("[data-loop][data-role=invitee]").waitFor();
  await ann.page.locator("[data-tier='1'][data-status=reached]").waitFor();
  assert.equal(await ann.page.locator("[data-grant]").count(), 0);
  await ann.page.locator("[data-claim]").click();
  await ann.page.locator("[data-grant=mask]").waitFor();
  for (const { problems } of [ann, bo]) assert.deepEqual(problems, []);
  await server.audit("small-tasks");
});

test("a screenshot is rejected, another one approved, and rewarded", async () => {
  const { page, problems } = await person(browser);
  await page.goto(`${server.url}/?campaign=small-post`);
  for (const decision of ["reject", "approve"]) {
    await page.locator("[data-main=own]").click();
    await page.locator("[data-example-picture]").click();
    await page.locator("[data-picture-status=submitted]").waitFor();
    await page.locator("[data-open-panel]").click();
    await page.locator(`[data-review] [data-${decision}]`).click();
    await page.locator("[data-picture-status=submitted]").waitFor({ state: "hidden" });
    await page.locator(".van-popup__close-icon:visible").click();
  }
  await page.locator("[data-picture-status=declined]").waitFor();
  await page.locator("[data-picture-status=approved]").waitFor();
  await page.locator("[data-grant=mask]").waitFor();
  assert.deepEqual(problems, []);
  await server.audit("small-post");
});

test("a friend who enters the chat group counts for the inviter", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=small-chat`);
  await ann.page.locator("[data-main=start]").click();
  await bo.page.goto(await shareLink(ann.page));
  await bo.page.locator("[data-loop]").waitFor();
  await bo.page.locator("[data-open-panel]").click();
  await bo.page.locator("[data-enter=room-1]").click();
  await ann.page.locator("[data-have]").getByText("1", { exact: true }).waitFor();
  await ann.page.locator("[data-tier='1'] [data-claim]").click();
  await ann.page.locator("[data-grant=mask]").waitFor();
  for (const { problems } of [ann, bo]) assert.deepEqual(problems, []);
  await server.audit("small-chat");
});

test("a visit by somebody else is rewarded, the sharing itself is not", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=small-share`);
  await ann.page.locator("[data-main=start]").click();
  const link = await shareLink(ann.page);
  await ann.page.goto(link);
  await ann.page.locator("[data-loop][data-role=initiator]").waitFor();
  assert.equal(await ann.page.locator("[data-have]").textContent(), "0");
  await bo.page.goto(link);
  await ann.page.locator("[data-have]").getByText("1", { exact: true }).waitFor();
  await ann.page.locator("[data-grant=mask]").waitFor();
  for (const { problems } of [ann, bo]) assert.deepEqual(problems, []);
  await server.audit("small-share");
});
