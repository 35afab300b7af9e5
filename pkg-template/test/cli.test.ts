import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { kfactor, NOON } from "./fixtures.js";

const TEN = "examples/campaigns/ten-friends.json";
const folder = mkdtempSync(join(tmpdir(), "kfactor-"));
after(() => rmSync(folder, { recursive: true }));

test("validate names the place of every problem", () => {
  const file = join(folder, "broken.json");
  writeFileSync(file, readFileSync(TEN, "utf8").replace('"helpers": 10', '"helpers": 0'));
  const { status, stdout } = kfactor(["validate", file, TEN]);
  assert.equal(status, 1);
  assert.match(stdout, /broken\.json:19:\d+: error NUMBER_RANGE: /);
  assert.equal(kfactor(["validate", TEN]).status, 0);
  const found = JSON.parse(kfactor(["validate", "--json", file]).stdout) as { file: string; line: number }[];
  assert.ok(found.some((problem) => problem.file === file && problem.line === 19));
  assert.match(
    kfactor(["validate", file, "--lang", "zh"]).stdout,
    /[一-鿿].*\n1 个文件：1 个错误，0 个警告\n$/,
  );
});

test("costs says what a campaign can cost at most, and of what it is not known", () => {
  const { status, stdout } = kfactor(["costs", TEN]);
  assert.equal(status, 0);
  assert.match(stdout, /^cash8 +¥80,000\.00 {2}8\.00 back \(a budget of ¥80,000\.00\)\n/);
  assert.match(stdout, /\nIn all at most ¥1,280,000\.00\n$/);
  const file = join(folder, "costs.json");
  const open = readFileSync(TEN, "utf8").replace(', "stock": 100000', "").replace("80000.00", "90000.00");
  writeFileSync(file, open);
  assert.match(
    kfactor(["costs", file, "--lang", "zh"]).stdout,
    /没有上限.*\n合计 ¥90,000\.00，另加以上未知部分\n$/,
  );
  const found = JSON.parse(kfactor(["costs", "--json", file]).stdout) as Record<string, unknown>;
  assert.deepEqual([found.most, found.whole], [9_000_000, false]);
  writeFileSync(file, "{}");
  const broken = kfactor(["costs", file]);
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /`id` is missing here/);
  assert.equal(kfactor(["costs"]).status, 2);
});

test("run prints facts, refusals, a view and the digest", () => {
  const commands = [
    { id: "t", at: NOON, do: "event", by: "ann", name: "ticket-bought", order: "o1" },
    { id: "o", at: NOON, do: "open", by: "ann", play: "ten-friends", loop: "L1" },
    { id: "h", at: NOON, do: "help", by: "ann", loop: "L1" },
  ];
  const lines = commands.map((command) => JSON.stringify(command)).join("\n");
  const { status, stdout, stderr } = kfactor(["run", TEN, "-", "--view", "ann", "--digest"], lines);
  assert.equal(status, 0);
  assert.match(stdout, /"kind":"opened"/);
  assert.match(stdout, /"role": "initiator"/);
  assert.match(stdout, /\n[0-9a-f]{64}\n$/);
  assert.match(stderr, /^line 3: h: OWN_LOOP: /);
  assert.equal(kfactor(["run", TEN, "-", "--strict"], lines).status, 1);
  const array = kfactor(["run", TEN, "-", "--json", "--digest"], JSON.stringify(commands));
  assert.equal(array.stdout.trim().split("\n").length, 4);
  assert.equal(array.stdout.slice(-65), stdout.slice(-65));
});

test("run reads dates in the campaign's timezone, and says which command is malformed", () => {
  const event = { id: "t", do: "event", by: "ann", name: "ticket-bought", order: "o1" };
  const open = { do: "open", by: "ann", play: "ten-friends", loop: "L1" };
  const lines = (...commands: (object | string)[]): string =>
    commands.map((command) => (typeof command === "string" ? command : JSON.stringify(command))).join("\n");
  const dated = kfactor(["run", TEN, "-"], lines({ ...event, at: "2026-12-01T12:00" }));
  assert.equal(dated.status, 0);
  assert.ok(dated.stdout.includes(`"at":${NOON}`), dated.stdout);
  const array = kfactor(["run", TEN, "-"], JSON.stringify([{ ...event, at: "2026-12-01T05:00+01:00" }]));
  assert.equal(array.stdout, dated.stdout);
  const view = (at: string): string => kfactor(["run", TEN, "--view", "ann", "--at", at]).stdout;
  assert.equal(view("2026-12-01T12:00"), view(String(NOON)));
  assert.equal(kfactor(["run", TEN, "--view", "ann", "--at", "noon"]).status, 2);
  assert.equal(kfactor(["run", TEN, "--view", "ann", "--at", "2026-02-30T12:00"]).status, 2);

  const broken = lines({ ...event, at: NOON }, "", { ...open, at: NOON }, "nonsense", {
    ...open,
    id: "o",
    at: "soon",
  });
  const { status, stdout, stderr } = kfactor(["run", TEN, "-"], broken);
  assert.equal(status, 1);
  assert.match(stdout, /"kind":"happened"/);
  const [id, command, at] = stderr.split("\n");
  assert.match(id ?? "", /^line 3: COMMAND_MALFORMED: .*`id`\. Every command has an id/);
  assert.match(command ?? "", /^line 4: COMMAND_MALFORMED: .* no JSON object/);
  assert.match(at ?? "", /^line 5: COMMAND_MALFORMED: .*`at`\. .*2026-12-01T11:00/);
  const second = kfactor(["run", TEN, "-", "--lang", "zh"], JSON.stringify([{ ...event, at: NOON }, open]));
  assert.equal(second.status, 1);
  assert.match(second.stderr, /^第 2 条指令: COMMAND_MALFORMED: /);
  assert.equal(kfactor(["run", TEN, "-"], '[{"at":"x"}').status, 2);
});

test("run and audit read the log of a revised campaign", () => {
  const [ten, ann] = [readFileSync(TEN, "utf8"), { by: "ann", name: "ticket-bought" }];
  const revised = ten.replace('"helpers": 10', '"helpers": 2');
  const before = [
    { id: "t", at: NOON, do: "event", ...ann, order: "o1" },
    { id: "o", at: NOON, do: "open", by: "ann", play: "ten-friends", loop: "L1" },
    { id: "t2", at: NOON, do: "event", ...ann, order: "o2" },
  ];
  const after = [
    { id: "h", at: NOON, do: "help", by: "bo", loop: "L1" },
    { id: "t3", at: NOON, do: "event", by: "cy", name: "ticket-bought", order: "o3" },
    { id: "o3", at: NOON, do: "open", by: "cy", play: "ten-friends", loop: "L3" },
    { id: "h3", at: NOON, do: "help", by: "bo", loop: "L3" },
  ];
  const document = (text: string): object => ({ campaign: JSON.parse(text) as unknown });
  const log = [document(ten), ...before, document(revised), ...after];
  const lines = log.map((entry) => JSON.stringify(entry)).join("\n");
  const file = join(folder, "revised.json");
  writeFileSync(file, revised);

  const run = kfactor(["run", file, "-", "--digest"], lines);
  assert.match(run.stdout, /"kind":"helped","loop":"L1","by":"bo","have":1,"need":10/);
  assert.match(run.stdout, /"kind":"helped","loop":"L3","by":"bo","have":1,"need":2/);
  assert.equal(kfactor(["run", file, "-", "--digest"], JSON.stringify(log)).stdout, run.stdout);
  const clean = kfactor(["audit", file, "-"], lines);
  assert.equal(clean.status, 0, clean.stderr);
  assert.equal(clean.stdout.slice(-65), run.stdout.slice(-65));
  const claimed = { command: after[0], answer: { ok: true, id: "h", facts: [] } };
  const forged = kfactor(["audit", TEN, "-", "--json"], JSON.stringify([...before, claimed]));
  assert.equal(forged.status, 1);
  const { findings } = JSON.parse(forged.stdout) as { findings: { position: number; code: string }[] };
  assert.deepEqual(
    findings.map(({ position, code }) => [position, code]),
    [[3, "ANSWER_DIFFERS"]],
  );
});

test("token mints, peeks and verifies", () => {
  const key = ["--key", "000102030405060708090a0b0c0d0e0f"];
  const minted = kfactor(["token", "mint", ...key, "--campaign", "12345", "--kind", "1", "--inviter", "7"]);
  const token = minted.stdout.trim();
  assert.match(token, /^[0-9A-Za-z]{29}$/);
  assert.equal((JSON.parse(kfactor(["token", "peek", token]).stdout) as { inviter: number }).inviter, 7);
  assert.equal(kfactor(["token", "verify", token, ...key]).status, 0);
  const forged = kfactor(["token", "verify", token, "--key", "ff".repeat(16)]);
  assert.deepEqual([forged.status, forged.stdout], [1, ""]);
});

test("qr draws to the terminal and to a file", () => {
  const file = join(folder, "code.svg");
  assert.equal(kfactor(["qr", "https://example.com/", "-o", file]).status, 0);
  assert.match(readFileSync(file, "utf8"), /^<svg/);
  assert.match(kfactor(["qr", "hello", "--terminal"]).stdout, /█/);
});

test("poster draws one, and one for each line of a table", () => {
  const campaign = "examples/campaigns/ten-friends.json";
  const file = join(folder, "one.svg");
  const one = [
    "poster",
    campaign,
    "invite",
    "--url",
    "https://example.com/r/x",
    "--set",
    "nickname=Ann",
    "--variant",
    "friend",
    "-o",
    file,
  ];
  assert.equal(kfactor(one).status, 0);
  assert.match(readFileSync(file, "utf8"), /Ann/);
  const rows = join(folder, "rows.csv");
  writeFileSync(
    rows,
    'file,url,nickname\r\na.svg,https://example.com/r/a,"Bo, ""B"""\r\n,https://example.com/r/b,Cy\n',
  );
  const many = join(folder, "posters");
  const table = ["poster", campaign, "invite", "--csv", rows, "--variant", "cash", "-o", many];
  assert.equal(kfactor(table).status, 2);
  writeFileSync(
    rows,
    'file,url,nickname\r\na.svg,https://example.com/r/a,"Bo, ""B"""\r\nb.svg,https://example.com/r/b,Cy\n',
  );
  assert.equal(kfactor(table).status, 0);
  assert.match(readFileSync(join(many, "a.svg"), "utf8"), /Bo, &quot;B&quot;/);
  assert.match(readFileSync(join(many, "b.svg"), "utf8"), /Cy/);
  assert.equal(kfactor(["poster", campaign, "nothing", "--url", "x", "-o", file]).status, 2);
});

test("files are UTF-8, and anything else is refused before it is garbage", () => {
  const file = join(folder, "gbk.json");
  const text = readFileSync(TEN, "utf8");
  // 活动 in GBK, and a whole document in UTF-16 with and without its mark.
  const gbk = Buffer.concat([
    Buffer.from('{ "title": "'),
    Buffer.from([0xbb, 0xee, 0xb6, 0xaf]),
    Buffer.from('" }'),
  ]);
  const utf16 = Buffer.from(text, "utf16le");
  const said = /gbk\.json: this is not UTF-8 text; save it as UTF-8/;
  for (const bytes of [utf16, Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), gbk]) {
    writeFileSync(file, bytes);
    const { status, stderr, stdout } = kfactor(["validate", file]);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, said);
  }
  for (const words of [
    ["run", TEN, file],
    ["insight", file],
    ["poster", TEN, "invite", "--csv", file, "-o", folder],
  ])
    assert.match(kfactor(words).stderr, said, words.join(" "));
  assert.match(kfactor(["validate", file, "--lang", "zh"]).stderr, /另存为 UTF-8 编码/);
  assert.equal(kfactor(["insight", "-"], gbk).status, 2);
});

test("a mark at the beginning of a file changes nothing", () => {
  const fact = (id: string, who: string): string => JSON.stringify({ id, at: NOON, kind: "met", who });
  const facts = [fact("a/0", "ann"), fact("b/0", "bo")].join("\n");
  const plain = kfactor(["insight", "-"], facts);
  assert.match(plain.stdout, /^2 facts, 2 people/);
  assert.equal(kfactor(["insight", "-"], `\uFEFF${facts}`).stdout, plain.stdout);
  const file = join(folder, "marked.json");
  writeFileSync(file, `\uFEFF${readFileSync(TEN, "utf8")}`);
  assert.equal(kfactor(["validate", file]).status, 0);
  const open = JSON.stringify({
    id: "t",
    at: NOON,
    do: "event",
    by: "ann",
    name: "ticket-bought",
    order: "o",
  });
  assert.equal(kfactor(["run", file, "-", "--strict"], `\uFEFF${open}\n`).status, 0);
});

test("touchpoints lead somewhere", () => {
  const key = ["--key", "000102030405060708090a0b0c0d0e0f"];
  const { status, stderr } = kfactor(["touchpoints", TEN, ...key, "--url", "tea.example.com"]);
  assert.equal(status, 2);
  assert.match(stderr, /--url is where the world reaches/);
  assert.match(
    kfactor(["touchpoints", TEN, ...key, "--url", "https://tea.example.com"]).stdout,
    /^touchpoint,/,
  );
  const links = (url: string): string => kfactor(["touchpoints", TEN, ...key, "--url", url]).stdout;
  for (const url of ["https://tea.example.com/", "https://tea.example.com/r", "https://tea.example.com/r/"])
    assert.equal(links(url), links("https://tea.example.com"), url);
  assert.match(links("https://tea.example.com/for"), /https:\/\/tea\.example\.com\/for\/r\//);
  const nowhere = ["--url", "https://tea.example.com", "--sheet", join(folder, "no", "where.html")];
  const refused = kfactor(["touchpoints", TEN, ...key, ...nowhere]);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /^kfactor: .*where\.html: there is no such file or folder\n$/);
  const taken = kfactor(["insight", "-", "--csv", TEN], "[]");
  assert.deepEqual([taken.status, taken.stderr], [2, `kfactor: ${TEN}: this is there already\n`]);
});

test("a wrong command line ends with 2 and says how it is done", () => {
  for (const words of [
    ["nonsense"],
    ["validate"],
    ["run"],
    ["qr"],
    ["token"],
    ["qr", "x", "--level", "Z"],
    ["validate", "nowhere.json"],
  ]) {
    const { status, stderr, stdout } = kfactor(words);
    assert.equal(status, 2, words.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /kfactor: /);
  }
  assert.match(kfactor(["validate", "--lang", "zh"]).stderr, /请指定至少一份活动文档/);
  assert.match(kfactor(["--help"]).stdout, /kfactor validate/);
});

test("with --json what ends a command can be read by a program", () => {
  const told = (words: string[], input = ""): { [key: string]: unknown } => {
    const { status, stdout, stderr } = kfactor([...words, "--json"], input);
    assert.notEqual(status, 0);
    assert.match(stderr, /^kfactor: /);
    return JSON.parse(stdout) as { [key: string]: unknown };
  };
  assert.deepEqual(told(["token", "peek", "abc"]), {
    ok: false,
    code: "TOKEN_MALFORMED",
    message: "This link or code is not valid.",
    messageZh: "该链接或二维码无效。",
  });
  const { code, message, messageZh } = told(["validate", "nowhere.json"]);
  assert.deepEqual(
    [code, message, messageZh],
    ["USAGE", "nowhere.json: there is no such file or folder", "nowhere.json：没有这个文件或文件夹"],
  );
  assert.equal(told(["validate"]).message, "name at least one campaign document");
  const broken = join(folder, "no-campaign.json");
  writeFileSync(broken, "{}");
  const { problems } = told(["run", broken, "-"]) as { problems: { pointer: string }[] };
  assert.deepEqual(
    problems.map(({ pointer }) => pointer),
    ["/id", "/title", "/runs", "/plays"],
  );
});

test("whoever reads may stop reading", () => {
  const commands = Array.from({ length: 3000 }, (_, n) => ({ id: `c${n}`, at: NOON, do: "tick" }));
  const file = join(folder, "many.ndjson");
  writeFileSync(file, commands.map((command) => JSON.stringify(command)).join("\n"));
  const words = `"${process.execPath}" pkg/bin/kfactor.js run ${TEN} "${file}" --json | head -n 1`;
  const { stdout, stderr } = spawnSync("sh", ["-c", words], { encoding: "utf8" });
  assert.deepEqual([stdout, stderr], ['{"ok":true,"id":"c0","facts":[]}\n', ""]);
});

test("the version is told, and what stands before a command is named", () => {
  const { version } = JSON.parse(readFileSync("pkg/package.json", "utf8")) as { version: string };
  for (const word of ["--version", "-v"]) assert.equal(kfactor([word]).stdout, `${version}\n`);
  const { status, stderr } = kfactor(["--jsn", "validate", TEN]);
  assert.equal(status, 2);
  assert.match(stderr, /there is no command `--jsn`/);
});
