// Ten friends, eight back: eleven people on eleven phones, from a scanned code to both sides' rewards.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, readQr, SOON, startBrowser, startServer } from "./support.mjs";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("ten friends help by a scanned code, and both sides are rewarded while they watch", async (t) => {
  const ann = await person(browser);
  const { page } = ann;

  await t.test("the first opens a loop once the ticket is bought", async () => {
    await page.goto(server.url);
    await page.locator("[data-campaign=ten-friends]").click();
    await page.locator("[data-missing]").getByText("Buy a ticket").waitFor();
    await page.locator("[data-main=start]").click();
    await page.getByRole("alert").getByText("First: Buy a ticket").waitFor();
    await page.locator("[data-open-panel]").click();
    await page.locator("[data-panel] [data-event=ticket-bought]").click();
    await page.locator("[data-log] [data-kind=happened]").waitFor();
    await page.locator(".van-popup__close-icon:visible").click();
    await page.locator("[data-main=start]").click();
    await page.locator("[data-loop][data-role=initiator]").waitFor();
    await page.locator("[data-main=share]").waitFor();
    assert.equal(await have(page), "0");
    await page.getByText("10 more friends have to help").first().waitFor();
  });

  let link;
  await t.test("an independent decoder reads the link from a screenshot of the share sheet", async () => {
    await page.locator("[data-main=share]").click();
    await page.locator("[data-code-tab]").click();
    await page.locator("[data-qr]").waitFor();
    const written = await page.locator("[data-url]").textContent();
    await page.waitForTimeout(500);
    link = readQr(await page.screenshot());
    assert.equal(link, written);
    assert.match(link, new RegExp(`^${server.url}/r/[0-9A-Za-z]{29}$`));
    await page.locator(".van-popup__close-icon:visible").click();
  });

  const friends = [];
  await t.test("ten friends arrive by that link, each sees the ones before", async () => {
    for (let number = 1; number <= 10; number++) {
      const friend = await person(browser);
      friends.push(friend);
      await friend.page.goto(link);
      await friend.page.locator("[data-loop][data-role=visitor]").waitFor();
      assert.equal(await have(friend.page), String(number - 1));
      // An eleventh stands by with the page open while the others help.
      if (number === 10) friends.push(await bystander(link));
      await friend.page.locator("[data-main=take-part]").click();
      await friend.page.locator("[data-loop][data-role=helper]").waitFor();
      await granted(friend.page, "popcorn");
      await page.locator(`[data-have]`).getByText(String(number), { exact: true }).waitFor();
    }
  });

  await t.test("the tenth help completes it, live on every page and without a reload", async () => {
    await page.locator("[data-loop][data-status=complete]").waitFor();
    await granted(page, "cash8");
    assert.equal(await page.locator("[data-grant=cash8]").count(), 1);
    assert.equal(await page.locator("li[data-person]").count(), 10);
    for (const { page: other } of friends) {
      await other.locator("[data-loop][data-status=complete]").waitFor();
    }
    const loads = await page.evaluate(() =>
      performance.getEntriesByType("navigation").map(({ type }) => type),
    );
    assert.deepEqual(loads, ["navigate"]);
  });

  await t.test("the eleventh and one who helps again are refused in words", async () => {
    const eleventh = friends[friends.length - 1].page;
    await eleventh.locator("[data-reason]").getByText("This one is complete already.").waitFor();
    await eleventh.locator("[data-main=take-part]").click();
    await eleventh.getByRole("alert").getByText("This one is complete already.").waitFor();
    assert.equal(await eleventh.locator("[data-grant]").count(), 0);

    const first = friends[0].page;
    await first.locator("[data-main=take-part]").click();
    await first
      .getByRole("alert")
      .getByText(/complete already|helped here already/)
      .waitFor();
    assert.equal(await first.locator("[data-grant=popcorn]").count(), 1);
  });

  await t.test("the log re-audits clean and says what the pages said", async () => {
    const { records } = await server.audit("ten-friends");
    const { facts } = await server.ask("/v1/campaigns/ten-friends/facts?limit=5000");
    const count = (kind) => facts.filter((fact) => fact.kind === kind).length;
    assert.ok(records > 20);
    assert.equal(count("helped"), 10);
    assert.equal(count("completed"), 1);
    assert.equal(count("granted"), 11);
    const inviters = facts.filter((fact) => fact.kind === "arrived").map((fact) => fact.inviter);
    assert.equal(new Set(inviters.filter(Boolean)).size, 1, "everybody came by one person's link");
    assert.equal(inviters.filter(Boolean).length, 11);
  });

  await t.test("no page had a problem of its own", () => {
    for (const { problems } of [ann, ...friends]) assert.deepEqual(problems, []);
  });
});

test("somebody who helps a loop twice while it runs is told so", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=ten-friends`);
  await ann.page.locator("[data-missing] button").click();
  await ann.page.locator("[data-main=start]:not(.barred)").click();
  await ann.page.locator("[data-main=share]").click();
  await bo.page.goto(await ann.page.locator("[data-url]").textContent());
  await bo.page.locator("[data-main=take-part]").click();
  await bo.page.locator("[data-loop][data-role=helper]").waitFor();
  await bo.page.locator("[data-reason]").getByText("You have helped here already.").waitFor();
  await bo.page.locator("[data-main=take-part]").click();
  await bo.page.getByRole("alert").getByText("You have helped here already.").waitFor();
  await ann.page.locator("[data-have]").getByText("1", { exact: true }).waitFor();
  await bo.page.reload();
  await bo.page.locator("[data-loop][data-role=helper]").waitFor();
  assert.equal(await have(bo.page), "1");
});

test("a friend may type the code instead of scanning it", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=ten-friends`);
  await ann.page.locator("[data-missing] button").click();
  await ann.page.locator("[data-main=start]:not(.barred)").click();
  await ann.page.locator("[data-main=share]").click();
  const code = await ann.page.locator("[data-code]").textContent();

  await bo.page.goto(`${server.url}/?campaign=ten-friends`);
  const [wrong, field] = [
    `${code.slice(0, -1)}${code.endsWith("2") ? "3" : "2"}`,
    bo.page.locator("#typed-code"),
  ];
  await field.fill(wrong);
  await field.press("Enter");
  await bo.page.getByRole("alert").getByText("Please check the code you typed.").waitFor();
  await field.fill(code.toLowerCase());
  await field.press("Enter");
  await bo.page.locator("[data-loop][data-role=helper]").waitFor();
  await granted(bo.page, "popcorn");
});

async function bystander(link) {
  const eleventh = await person(browser);
  await eleventh.page.goto(link);
  await eleventh.page.locator("[data-loop][data-role=visitor]").waitFor();
  return eleventh;
}

function have(page) {
  return page.locator("[data-have]").textContent();
}

function granted(page, reward) {
  return page
    .locator(`[data-grants] [data-grant=${reward}][data-status=reserved]`)
    .waitFor({ timeout: SOON });
}
