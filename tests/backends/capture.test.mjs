// What Segment's and 神策's own SDKs send, and what kfactor sends in their forms, held against the same shapes.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, test } from "node:test";
import { bundled } from "../../benches/report/bundle.mjs";
import { segmentBatched } from "../../benches/report/drivers/segment.mjs";
import { kfactorAs } from "../../benches/report/drivers/kfactor.mjs";
import { sensors } from "../../benches/report/drivers/sensors.mjs";
import { World, chance } from "../../benches/report/world.mjs";
import { DEMANDED, segmentEvents, sensorsEvents } from "./shapes.mjs";
import { needed } from "./support.mjs";

const PEERS = needed("KFACTOR_PEERS");

/** The requests that each SDK makes for one event with the property `n`, as `{ type, body }`. */
const captured = {};

before(async () => {
  captured["analytics-node"] = await segmentNode();
  captured["analytics-next"] = await inWorld(segmentBatched);
  captured["sa-sdk-miniprogram"] = await inWorld(sensors);
});

for (const [sdk, events, extra] of [
  ["analytics-node", segmentEvents, ["_metadata", "integrations"]],
  ["analytics-next", segmentEvents, ["_metadata", "integrations", "userId", "writeKey"]],
  ["sa-sdk-miniprogram", sensorsEvents, ["anonymous_id"]],
]) {
  test(`${sdk} sends what the form demands`, () => {
    const form = events === segmentEvents ? "segment" : "sensors";
    const [event, ...more] = captured[sdk].flatMap(events);
    assert.deepEqual(more, []);
    assert.equal(event.event, "helped");
    assert.equal(event.properties.n, 1);
    // What only the SDK sends; when a new version sends more or less, this is where one sees it.
    const names = new Set(DEMANDED[form].map((path) => path.split(".")[0]));
    assert.deepEqual(
      Object.keys(event)
        .filter((name) => !names.has(name))
        .sort(),
      extra,
    );
  });
}

for (const [form, events, event] of [
  ["segment", segmentEvents, "helped"],
  ["sensors", sensorsEvents, "kf_helped"],
]) {
  test(`kfactor's reports as ${form} have what the form demands`, async () => {
    const requests = await inWorld(kfactorAs({ as: form, key: "key" }));
    const found = requests.flatMap(events);
    assert.deepEqual(
      found.map(({ event, properties }) => [event, properties.n]),
      [[event, 1]],
    );
  });
}

test("the shapes refuse a body without any one of their members, or with a wrong one", () => {
  const [segmentBody] = captured["analytics-node"];
  const batch = JSON.parse(segmentBody.body);
  const [sensorsBody] = captured["sa-sdk-miniprogram"];
  const [event] = sensorsEvents(sensorsBody);
  const asSegment = (event) => ({ ...segmentBody, body: JSON.stringify({ ...batch, batch: [event] }) });
  const asSensors = (event) => {
    const list = Buffer.from(JSON.stringify([event])).toString("base64");
    return { ...sensorsBody, body: `data_list=${encodeURIComponent(list)}` };
  };
  for (const [form, events, whole, body] of [
    ["segment", segmentEvents, batch.batch[0], asSegment],
    ["sensors", sensorsEvents, event, asSensors],
  ]) {
    assert.equal(events(body(whole)).length, 1);
    for (const path of DEMANDED[form]) {
      for (const wrong of [undefined, "", [], -1, null])
        assert.throws(() => events(body(changed(whole, path.split("."), wrong))), { code: "ERR_ASSERTION" });
    }
  }
  const unescaped = Buffer.from(JSON.stringify([event])).toString("base64");
  assert.throws(() => sensorsEvents({ ...sensorsBody, body: `data_list=${unescaped}==` }));
  assert.throws(() => segmentEvents({ type: "application/x-ndjson", body: segmentBody.body }));
});

function changed(event, [name, ...rest], value) {
  return { ...event, [name]: rest.length === 0 ? value : changed(event[name], rest, value) };
}

/** Segment's SDK for Node, against a sink of this machine. */
async function segmentNode() {
  const requests = [];
  const sink = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    requests.push({ type: request.headers["content-type"], body });
    response.end("{}");
  });
  await new Promise((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const { Analytics } = createRequire(join(PEERS, "package.json"))("@segment/analytics-node");
  const analytics = new Analytics({ writeKey: "key", host: `http://127.0.0.1:${sink.address().port}` });
  analytics.track({ anonymousId: "ann", event: "helped", properties: { n: 1 } });
  await analytics.closeAndFlush();
  await new Promise((resolve) => sink.close(resolve));
  return requests;
}

/** An SDK of pages or mini-programs, in the world of the bench. */
async function inWorld(driver) {
  const requests = [];
  const world = new World(chance(1), (request) => {
    // Figures about the library itself go elsewhere.
    if (!request.url.endsWith("/m"))
      requests.push({ type: request.headers["content-type"], body: request.body });
    return { status: 200 };
  });
  const page = driver.open(world);
  page.run(await bundled(driver, PEERS));
  await world.pass(1_000);
  page.context.track(1);
  await world.pass(60_000);
  return requests;
}
