/**
 * The records of a report's body: one CloudEvent, an array of them, or one a line. They look the same whatever the
 * content type says, and beacons of a page that closes say `text/plain`. `undefined` if the body is none of these.
 */
export function records(body) {
  const read = whole(body) ?? lines(body);
  return read?.every((record) => isText(record?.id) && isText(record.source)) ? read : undefined;
}

function whole(body) {
  try {
    return [JSON.parse(body)].flat();
  } catch {
    return undefined;
  }
}

function lines(body) {
  try {
    const filled = String(body)
      .split("\n")
      .filter((line) => line.trim() !== "");
    return filled.length === 0 ? undefined : filled.map((line) => JSON.parse(line));
  } catch {
    return undefined;
  }
}

const isText = (value) => typeof value === "string" && value !== "";
