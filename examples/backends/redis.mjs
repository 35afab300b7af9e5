import { createClient } from "redis";
import { PAGE, asked, loopOf } from "./commands.mjs";

/** Appends in one step, because Redis runs a script by itself. Ids in a stream are the positions: 1-0, 2-0 … */
const APPEND = `
local all, ids, loop = KEYS[1], KEYS[2], KEYS[3]
local id, body = ARGV[1], ARGV[2]
local known = redis.call('HGET', ids, id)
if known then
  local fields = redis.call('XRANGE', all, known, known)[1][2]
  return fields[4] == body and { known, fields[2] } or false
end
local time, at = redis.call('TIME'), 0
at = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('XREVRANGE', all, '+', '-', 'COUNT', 1)[1]
if last then at = math.max(at, tonumber(last[2][2])) end
local place, stamp = string.format('%d-0', redis.call('XLEN', all) + 1), string.format('%d', at)
redis.call('XADD', all, place, 'at', stamp, 'body', body)
redis.call('HSET', ids, id, place)
if loop then redis.call('XADD', loop, place, 'at', stamp, 'body', body) end
return { place, stamp }
`;

/** A store of commands in Redis Streams. What Redis acknowledged survives a crash with `appendonly yes` and `appendfsync always`. */
export async function redis(url) {
  const client = createClient({ url });
  // It connects again by itself; who asks meanwhile waits, and what was on its way fails, which the page sends again.
  client.on("error", (error) => console.error(`Redis: ${error.message}`));
  await client.connect();
  const key = (campaign, ...rest) => [`commands:{${campaign}}`, ...rest].join(":");
  return {
    /** Where the command stands: appended now, or before under the same id. `undefined` if that id asked for something else. */
    async append(campaign, command) {
      const loop = loopOf(command);
      const keys = [
        key(campaign),
        key(campaign, "ids"),
        ...(loop === null ? [] : [key(campaign, "loop", loop)]),
      ];
      const place = await client.eval(APPEND, { keys, arguments: [command.id, asked(command)] });
      return place ? { ok: true, seq: parseInt(place[0]), at: Number(place[1]) } : undefined;
    },

    async list(campaign, after, loop) {
      const stream = loop === undefined ? key(campaign) : key(campaign, "loop", loop);
      const entries = await client.xRange(stream, `(${after}-0`, "+", { COUNT: PAGE });
      const commands = entries.map(({ id, message: { at, body } }) => {
        return { seq: parseInt(id), ...JSON.parse(body), at: Number(at) };
      });
      return { commands, next: commands.at(-1)?.seq ?? after };
    },

    close: () => client.close(),
  };
}
