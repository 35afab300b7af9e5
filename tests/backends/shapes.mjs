// What bodies for Segment and 神策 have to look like, as their own SDKs send them: written by hand, and held against the
// SDKs' requests in capture.test.mjs. Whatever else sends in these forms is held against the same.
import assert from "node:assert/strict";

/** Each member: what it is called, and what is true of it. A path with dots lies within. */
const SEGMENT = {
  type: (value) => value === "track",
  // Longer ones are refused, and without one nothing is counted once.
  messageId: (value) => isText(value) && value.length <= 100,
  anonymousId: isText,
  event: isText,
  timestamp: isTimestamp,
  properties: isObject,
  context: isObject,
  "context.library.name": isText,
  "context.library.version": isText,
};

const SENSORS = {
  type: (value) => value === "track",
  distinct_id: isText,
  "identities.$identity_anonymous_id": isText,
  event: (value) => isText(value) && /^[A-Za-z_$][\w$]{0,99}$/.test(value),
  time: isMilliseconds,
  _track_id: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 31,
  _flush_time: isMilliseconds,
  properties: isObject,
  "lib.$lib": isText,
  "lib.$lib_method": (value) => value === "code",
  "lib.$lib_version": isText,
};

/** The events of a request to Segment. */
export function segmentEvents({ type, body }) {
  assert.match(type, /^(application\/json|text\/plain)$/);
  const { batch, sentAt, writeKey } = JSON.parse(body);
  assert.ok(Array.isArray(batch) && batch.length > 0, "batch");
  assert.ok(isTimestamp(sentAt), "sentAt");
  assert.ok(isText(writeKey), "writeKey");
  for (const event of batch) check(event, SEGMENT);
  return batch;
}

/** The events of a request to 神策, without what it says about a person. */
export function sensorsEvents({ type, body }) {
  assert.equal(type, "text/plain");
  const [, list] = /^data_list=([^&]+)/.exec(body) ?? assert.fail("data_list");
  const base64 = decodeURIComponent(list);
  assert.equal(encodeURIComponent(base64), list, "every sign of the list is escaped");
  const bytes = Buffer.from(base64, "base64");
  assert.equal(bytes.toString("base64"), base64, "the list is base64 with its padding");
  const events = JSON.parse(bytes.toString("utf8")).filter(
    ({ type }) => !String(type).startsWith("profile_"),
  );
  assert.ok(events.length > 0, "events");
  for (const event of events) check(event, SENSORS);
  return events;
}

/** The paths that a form demands. */
export const DEMANDED = { segment: Object.keys(SEGMENT), sensors: Object.keys(SENSORS) };

function check(event, shape) {
  for (const [path, isRight] of Object.entries(shape)) {
    const value = path.split(".").reduce((inner, name) => inner?.[name], event);
    assert.ok(value !== undefined && isRight(value), `${path} is ${JSON.stringify(value)}`);
  }
}

function isText(value) {
  return typeof value === "string" && value !== "";
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTimestamp(value) {
  return isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !isNaN(Date.parse(value));
}

/** A moment of this century in milliseconds, so not in seconds. */
function isMilliseconds(value) {
  return Number.isInteger(value) && value > 946_684_800_000 && value < 4_102_444_800_000;
}
