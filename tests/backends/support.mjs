// What the tests of backends share: the reports a page sends, and programs of others that run until a test ends.
import { spawn, execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The examples beside their installed packages. */
export const EXAMPLES = needed("KFACTOR_BACKENDS");
export const PYTHON = needed("KFACTOR_BACKENDS_PYTHON");

/** An environment variable that `cargo xtask test backends` sets. */
export function needed(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run \`cargo xtask test backends\``);
  return value;
}

/**
 * Records of a campaign, as pages report them (`pkg-template/src/report/record.ts` writes the same). What `send` below makes of them is
 * what an outbox sends.
 */
export function records(count, campaign = "ten-friends") {
  return Array.from({ length: count }, (_, n) => ({
    specversion: "1.0",
    id: `c${n}/0`,
    source: `urn:kfactor:${campaign}`,
    type: `io.kfactor.${n % 2 === 0 ? "arrived" : "shared"}.v1`,
    time: new Date(1_796_090_400_000 + n).toISOString(),
    subject: `朋友 "${n >> 1}"`,
    datacontenttype: "application/json",
    partitionkey: campaign,
    session: "s5xkq0",
    sequence: String(n + 1).padStart(12, "0"),
    recordedtime: new Date(1_796_090_400_500 + n).toISOString(),
    data: { note: "第一行\n第二行", depth: n },
    sentat: new Date(1_796_090_401_000).toISOString(),
  }));
}

const array = (records) => JSON.stringify(records);

/** Every form that a page sends records in: how many a request takes, the content type, and the body. */
export const FORMS = {
  cloudevents: { most: 1, type: "application/cloudevents+json", body: ([record]) => JSON.stringify(record) },
  "cloudevents-batch": { most: 50, type: "application/cloudevents-batch+json", body: array },
  json: { most: 50, type: "application/json", body: array },
  ndjson: {
    most: 50,
    type: "application/x-ndjson",
    body: (records) => records.map((record) => JSON.stringify(record) + "\n").join(""),
  },
  // What a page that closes sends: no other content type leaves it without asking first.
  beacon: { most: 1, type: "text/plain;charset=UTF-8", body: ([record]) => JSON.stringify(record) },
  "beacon-batch": { most: 50, type: "text/plain;charset=UTF-8", body: array },
};

/** Reports records in a form; gives the statuses of the answers. */
export async function send(address, form, records) {
  const { most, type, body } = FORMS[form];
  const statuses = [];
  for (let at = 0; at < records.length; at += most) {
    const headers = { "Content-Type": type };
    const sent = { method: "POST", headers, body: body(records.slice(at, at + most)) };
    statuses.push((await fetch(address, sent)).status);
  }
  return statuses;
}

/** A folder that is gone when the test's context ends. */
export function folder(t) {
  const made = mkdtempSync(join(tmpdir(), "kfactor-backends-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A port of the loopback that was free a moment ago, for programs that cannot choose one themselves. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a program and waits until `ready(printed)` gives something; it ends with the test. `started` is told the process. */
export async function running(
  t,
  program,
  options,
  { ready, signal = "SIGTERM", started = () => {}, ...rest },
) {
  const child = spawn(program, options, { stdio: ["ignore", "pipe", "pipe"], ...rest });
  started(child);
  const ended = new Promise((resolve) => child.once("close", resolve));
  t.after(async () => {
    child.kill(signal);
    await ended;
  });
  let printed = "";
  return new Promise((resolve, reject) => {
    const look = (text) => {
      printed += text;
      const found = ready(printed);
      if (found) resolve(found);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("error", reject);
    child.once("close", (status) => reject(new Error(`${program} ended with ${status}:\n${printed}`)));
  });
}

/** The address that a program says it listens at. */
export const listening = (printed) => /listening on (http:\/\/\S+)/i.exec(printed)?.[1];

/** Waits until something answers at a port. */
export async function answering(port) {
  for (let tries = 0; ; tries++) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      const end = (is) => (socket.destroy(), resolve(is));
      socket.once("connect", () => end(true)).once("error", () => end(false));
    });
    if (open) return;
    if (tries > 200) throw new Error(`nothing answers at port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts a Redis that writes every command to the disk before it answers; gives its address. */
export async function redis(t) {
  return (await mortalRedis(t)).address;
}

/** … with `crash`, which kills it and starts it again with what is on the disk. */
export async function mortalRedis(t) {
  const [home, port] = [folder(t), await freePort()];
  const options = { dir: home, port, bind: "127.0.0.1", appendonly: "yes", appendfsync: "always", save: "" };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const ready = (printed) => printed.includes("Ready to accept connections");
  const crash = await mortal((started) => running(t, needed("REDIS_SERVER"), words, { ready, started }));
  return { address: `redis://127.0.0.1:${port}`, crash };
}

/** Starts a PostgreSQL with a cluster of its own; gives its address. */
export async function postgres(t) {
  return (await mortalPostgres(t)).address;
}

/** … with `crash`, which kills it and starts it again. It refuses to run as root, so root lends it a user. */
export async function mortalPostgres(t) {
  const [home, port] = [folder(t), await freePort()];
  const who = process.getuid() === 0 ? userOf("postgres") : {};
  if (who.uid !== undefined) {
    chownSync(home, who.uid, who.gid);
    // initdb's shells write there as that user; a tool of root's that copied a file's mode onto it stops them.
    if ((statSync("/dev/null").mode & 0o002) === 0) chmodSync("/dev/null", 0o666);
  }
  const [bin, data] = [needed("POSTGRES_BIN"), join(home, "data")];
  const setup = ["-D", data, "-U", "kfactor", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"];
  execFileSync(join(bin, "initdb"), setup, { ...who, cwd: home, stdio: "pipe" });
  // What is killed is the program, not the machine, so the system's own buffers will do, which is much faster.
  const settings = ["-c", "max_connections=50", "-c", "fsync=off"];
  const options = ["-D", data, "-p", String(port), "-k", home, "-h", "127.0.0.1", ...settings];
  const ready = (printed) => printed.includes("ready to accept connections");
  // The fast shutdown does not wait for clients.
  const rest = { ...who, cwd: home, ready, signal: "SIGINT" };
  const crash = await mortal((started) => running(t, join(bin, "postgres"), options, { ...rest, started }));
  return { address: `postgres://kfactor@127.0.0.1:${port}/postgres`, crash };
}

/** Starts a program; gives what kills it and starts it again. */
async function mortal(start) {
  let child;
  const started = (process) => (child = process);
  await start(started);
  return async () => {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
    // The processes that it had started itself may need a moment to notice.
    for (let tries = 0; ; tries++) {
      try {
        return await start(started);
      } catch (error) {
        if (tries > 40) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  };
}

function userOf(name) {
  const id = (option) => Number(execFileSync("id", [option, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Starts examples/backends/main.mjs. */
export function backend(t, framework, STORE, cwd) {
  const env = { ...process.env, STORE, KEY: "sk_of_the_test", PORT: "0" };
  return running(t, process.execPath, [join(EXAMPLES, "main.mjs"), framework], {
    ready: listening,
    env,
    cwd,
  });
}

/** nginx with the configuration of the examples, at a port and in a folder of its own. */
export async function nginx(t) {
  const [home, port] = [folder(t), await freePort()];
  const included = readFileSync(join(EXAMPLES, "nginx.conf"), "utf8").replaceAll(
    "127.0.0.1:8080",
    `127.0.0.1:${port}`,
  );
  const log = join(home, "reports.log");
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  );
  const main = [
    `daemon off; master_process off; pid ${home}/pid; error_log stderr; events {}`,
    `http { access_log off; ${places.join(" ")} include reports.conf; }`,
  ];
  writeFileSync(
    join(home, "reports.conf"),
    included.replace("access_log /var/log/nginx/reports.log", `access_log ${log}`),
  );
  writeFileSync(join(home, "nginx.conf"), main.join("\n"));
  const words = ["-p", home, "-c", join(home, "nginx.conf")];
  const started = running(t, needed("NGINX"), words, { ready: () => false, signal: "SIGQUIT" });
  await Promise.race([started, answering(port)]);
  return { address: `http://127.0.0.1:${port}/reports`, log };
}

/** The records in a file of lines. */
export function lines(path) {
  if (!existsSync(path)) return [];
  const filled = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return filled.map((line) => JSON.parse(line));
}
