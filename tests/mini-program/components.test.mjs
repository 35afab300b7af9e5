// The example's components, drawn by WeChat's own simulator on a DOM.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { campaign, project, tool } from "./project.mjs";

let simulate;
let folder;
let asked;
before(async () => {
  folder = await project("components");
  const { window } = new (tool("jsdom").JSDOM)("<!doctype html><body></body>");
  for (const name of ["document", "Event", "CustomEvent", "HTMLElement", "Node"])
    globalThis[name] = window[name];
  globalThis.window = window;
  simulate = tool("miniprogram-simulate");
  // A page is a component whose functions stand beside its data.
  globalThis.Page = ({ data, ...methods }) => globalThis.Component({ data, methods });
  globalThis.getApp = () => ({ identity: new Promise(() => undefined) });
  // The simulator's own host answers nothing.
  globalThis.wx = {
    getAppBaseInfo: () => ({ language: "zh_CN" }),
    onNeedPrivacyAuthorization: (listener) => (asked = listener),
    openPrivacyContract() {},
  };
});

/** Draws a component; gives it and its page. */
function draw(name, properties, kind = "components") {
  const path = join(folder, `${kind}/${name}/${name}`);
  const component = simulate.render(
    simulate.load(path, { rootPath: folder, compiler: "simulate" }),
    properties,
  );
  component.attach(document.body);
  return component;
}

const text = (component, selector) => component.querySelector(selector)?.dom.textContent.trim();
const count = (component, selector) => component.querySelectorAll(selector).length;

test("progress shows how far a loop is, who took part, and the places that are left", () => {
  const people = ["a", "b", "c"].map((id) => ({ id, name: `好友 ${id}`, letter: id, hue: 20 }));
  const component = draw("kf-progress", {
    have: 3,
    need: 10,
    percent: 30,
    people,
    state: "",
    amount: "¥8.00",
  });
  assert.equal(text(component, ".count"), "3/10");
  assert.equal(count(component, ".person"), 10);
  assert.equal(count(component, ".free"), 7);
  assert.match(component.querySelector(".fill").dom.getAttribute("style"), /width: ?30%/);
  assert.equal(text(component, ".amount"), "¥8.00");
  component.detach();
});

test("the countdown goes by the backend's clock, and stops with its page", async () => {
  const HOUR = 3_600_000;
  const component = draw("kf-countdown", {
    label: "距结束",
    until: Date.now() + 26 * HOUR + 30_000,
    ahead: HOUR,
  });
  assert.match(text(component, ".days"), /^1/);
  const parts = component.querySelectorAll(".part").map(({ dom }) => dom.textContent.trim());
  assert.match(parts.join(":"), /^01:00:[0-3]\d$/);
  component.triggerPageLifeTime("hide");
  const stopped = component.toJSON();
  await new Promise((wait) => setTimeout(wait, 1_200));
  assert.deepEqual(component.toJSON(), stopped);
  component.detach();
});

test("a reward says what is missing, and how it stands", () => {
  const rewards = [
    { id: "1", title: "返现", amount: "¥8.00", state: "未解锁", missing: "还差 2 位好友助力" },
    { id: "2", title: "爆米花", amount: "", state: "", missing: "" },
  ];
  const component = draw("kf-rewards", { rewards });
  assert.equal(count(component, ".reward"), 2);
  assert.equal(text(component, ".missing"), "还差 2 位好友助力");
  assert.equal(count(component, ".amount"), 1);
  component.detach();
});

test("nothing is saved before the person agreed to the privacy guide", () => {
  const component = draw("kf-privacy");
  assert.equal(count(component, ".box"), 0);
  const answers = [];
  asked((answer) => answers.push(answer));
  assert.equal(count(component, ".box"), 1);
  component.instance.agree();
  assert.deepEqual(answers, [{ event: "agree", buttonId: "kf-agree" }]);
  assert.equal(component.querySelector("#kf-agree"), undefined);
  asked((answer) => answers.push(answer));
  component.instance.disagree();
  assert.deepEqual(answers[1], { event: "disagree" });
  component.detach();
});

test("a poster that cannot be drawn says why", async () => {
  const component = draw("kf-poster");
  globalThis.wx.createSelectorQuery = () => {
    const query = { in: () => query, select: () => query, fields: () => query, exec: (done) => done([null]) };
    return query;
  };
  await component.instance.open({ loop: {}, name: "invite", values: {}, campaign: "c" });
  assert.equal(text(component, ".waiting"), "canvas");
  component.detach();
});

test("the pages show a view of the engine", async () => {
  const { Engine } = await import(pathToFileURL(join(folder, "node_modules/kfactor/dist/node.js")));
  const { shown } = tool(join(folder, "lib/shown.js"));
  const at = Date.parse("2026-12-01T12:00:00+08:00");
  const engine = await Engine.load(campaign("ten-friends"));
  const seenBy = (who) => shown(engine.view(who, { at, loop: "L1" }), { chosen: null, asked: "L1" });
  engine.submit({ id: "t", at, do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  engine.submit({ id: "o", at, do: "open", by: "ann", play: "ten-friends", loop: "L1" });
  for (const who of ["bo", "cy"]) engine.submit({ id: who, at, do: "help", by: who, loop: "L1" });

  const page = draw("campaign", undefined, "pages");
  assert.equal(text(page, ".centre"), "请稍候……");
  const data = { isReady: true, notice: "", wantedLabel: "", hasPoster: true };
  page.setData({ ...data, view: seenBy("ann") });
  assert.match(text(page, ".heading"), /Ten friends/);
  const own = page.querySelectorAll(".bar .button").map(({ dom }) => dom.textContent.trim());
  assert.deepEqual(own, ["分享给好友", "生成海报"]);
  assert.match(page.dom.innerHTML, /2\/10/);
  page.setData({ ...data, view: seenBy("dee") });
  assert.match(text(page, ".invited"), /邀你参加/);
  const other = page.querySelectorAll(".bar .button").map(({ dom }) => dom.textContent.trim());
  assert.equal(other[0], "帮 TA 助力");
  page.setData({ error: "网络不可用" });
  assert.match(page.dom.innerHTML, /网络不可用/);
  page.detach();

  const home = draw("home", undefined, "pages");
  const campaigns = [{ id: "a", title: "十人助力", mechanic: "assist", play: "返 8 元" }];
  home.setData({ campaigns });
  assert.equal(count(home, ".item"), 1);
  assert.equal(text(home, ".title"), "十人助力");
  home.detach();
});
