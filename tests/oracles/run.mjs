// Holds the figures of propagation trees against networkx, and credit for conversions against ChannelAttribution, which are
// installed from PyPI into `target/oracles` and run as programs of their own. Says "skipped" and ends well where Python or PyPI
// cannot be reached.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { credit, insight } from "kfactor";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOME = join(ROOT, "target/oracles");
const PYTHON = join(HOME, "bin/python3");
// ChannelAttribution imports matplotlib without asking for it.
const PACKAGES = [
  "networkx==3.4.2",
  "ChannelAttribution==2.2.5",
  "matplotlib==3.11.2",
  "numpy==2.4.6",
  "pandas==3.1.1",
];
const TREES = 60;

const TREE_ORACLE = `
import json, sys
import networkx as nx
for line in sys.stdin:
    parents = json.loads(line)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(parents)))
    graph.add_edges_from((child, parent) for child, parent in enumerate(parents) if parent is not None)
    largest = max(nx.connected_components(graph), key=lambda nodes: (len(nodes), -min(nodes)))
    tree = graph.subgraph(largest)
    root = min(largest)
    depths = nx.single_source_shortest_path_length(tree, root)
    mean = nx.average_shortest_path_length(tree) if len(largest) > 1 else 0
    arrows = nx.DiGraph()
    arrows.add_nodes_from(range(len(parents)))
    arrows.add_edges_from((parent, child) for child, parent in enumerate(parents) if parent is not None)
    reach = {node: len(nx.descendants(arrows, node)) for node in arrows}
    # Half of what descendants are worth for each step of distance; a person's orders are worth their number plus one.
    steps = {node: nx.single_source_shortest_path_length(arrows, node) for node in arrows}
    network = {n: sum((o + 1) * 0.5 ** d for o, d in steps[n].items() if d > 0) for n in arrows}
    generations = {}
    for root_ in (node for node in arrows if arrows.in_degree(node) == 0):
        for node, depth in steps[root_].items():
            generations[depth] = generations.get(depth, 0) + 1
    print(json.dumps({"size": len(largest), "virality": mean, "meanDepth": sum(depths.values()) / len(depths),
        "reach": reach, "network": network, "widths": [generations[depth] for depth in sorted(generations)]}))
`;

const CREDIT_ORACLE = `
import json, sys, contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    import pandas as pd
    import ChannelAttribution as ca
    rows = json.load(sys.stdin)
    data = pd.DataFrame([{"path": " > ".join(row["touches"]), "won": row["converted"], "worth": float(row["value"]),
        "lost": row["lost"]} for row in rows])
    plain = ca.heuristic_models(data, "path", "won", var_value="worth", sep=">")
    chain = ca.markov_model(data, "path", "won", var_null="lost", order=1, out_more=True, sep=">",
        nsim_start=400000, max_step=200, seed=7, verbose=False)
out = {"plain": plain.to_dict("records"), "markov": chain["result"].to_dict("records"),
    "removal": chain["removal_effects"].to_dict("records")}
print(json.dumps(out))
`;

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(0);
}

if (!existsSync(PYTHON) && spawnSync("python3", ["-m", "venv", HOME]).status !== 0)
  skip("there is no python3 that can make a virtual environment");
if (spawnSync(PYTHON, ["-c", "import networkx, ChannelAttribution"]).status !== 0) {
  const words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES];
  if (spawnSync(PYTHON, words, { stdio: "inherit" }).status !== 0)
    skip(`${PACKAGES.join(", ")} cannot be had from PyPI`);
}

/** What a program in Python prints, as JSON, one value a line. */
function ask(program, input) {
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-c", program], { input, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

let seed = 1n;
function random(below) {
  seed = (seed * 6364136223846793005n + 1442695040888963407n) % (1n << 64n);
  return Number((seed >> 33n) % BigInt(below));
}

// A person's parent comes before them; some have none, so that there are several trees.
const forests = Array.from({ length: TREES }, (_, n) =>
  Array.from({ length: 2 + random(150) }, (_, at) => (at === 0 || random(20) < n % 5 ? null : random(at))),
);
const expected = ask(TREE_ORACLE, forests.map((parents) => JSON.stringify(parents)).join("\n"));
const isNear = (ours, theirs, what) =>
  assert.ok(Math.abs(ours - theirs) < 1e-9 * Math.max(1, theirs), `${what}: ${ours}, networkx ${theirs}`);

for (const [n, parents] of forests.entries()) {
  const arrivals = parents.map((parent, at) => {
    const inviter = parent === null ? {} : { inviter: `p${parent}` };
    return { id: `c${at}/0`, at, kind: "arrived", who: `p${at}`, ...inviter, depth: 0 };
  });
  const orders = parents.map((_, at) => {
    const order = { kind: "happened", by: `p${at}`, name: "order", order: `o${at}`, amount: at + 1 };
    return { id: `o${at}/0`, at, ...order };
  });
  const lines = [...arrivals, ...orders].map((fact) => JSON.stringify(fact));
  const { tree, spreaders, generations } = await insight(lines.join("\n"));
  const { size, virality, meanDepth, reach, network, widths } = expected[n];
  assert.equal(tree.largest, size, `forest ${n}`);
  isNear(tree.virality, virality, `forest ${n}, virality`);
  isNear(tree.meanDepth, meanDepth, `forest ${n}, mean depth`);
  assert.deepEqual(tree.widths, widths, `forest ${n}, widths`);
  assert.deepEqual(
    generations.map(({ arrived }) => arrived),
    widths,
  );
  for (const spreader of spreaders) {
    const who = spreader.who.slice(1);
    assert.equal(spreader.reach, reach[who], `forest ${n}, reach of ${who}`);
    isNear(spreader.network, network[who], `forest ${n}, network of ${who}`);
  }
}
console.log(`${TREES} forests have the figures that networkx gives`);

// Paths of a dozen channels that follow each other more or less often, as people come back.
const CHANNELS = "search poster card sms live shop feed mail call group fair press".split(" ");
const paths = Array.from({ length: 2_000 }, () => {
  const touches = [CHANNELS[random(6) + random(7)]];
  while (random(3) > 0 && touches.length < 12)
    touches.push(CHANNELS[(CHANNELS.indexOf(touches.at(-1)) + random(5)) % CHANNELS.length]);
  const weight = 1 + (touches.includes("live") ? random(9) : random(3));
  const converted = random(4) * (weight > 3 ? 3 : 1);
  return { touches, converted, lost: random(12), value: converted * (100 + random(900)) };
});
const [oracle] = ask(CREDIT_ORACLE, JSON.stringify(paths));
for (const [model, column] of [
  ["first", "first_touch"],
  ["last", "last_touch"],
  ["linear", "linear_touch"],
]) {
  const rows = await credit(paths, model);
  for (const row of oracle.plain) {
    const ours = rows.find(({ channel }) => channel === row.channel_name) ?? { conversions: 0, value: 0 };
    // Our credits are millionths, theirs binary fractions.
    const theirs = [row[`${column}_conversions`], row[`${column}_value`]];
    assert.ok(
      Math.abs(ours.conversions - theirs[0]) < 1e-3,
      `${model} ${row.channel_name}: ${ours.conversions}, ${theirs}`,
    );
    assert.ok(
      Math.abs(ours.value - theirs[1]) < paths.length / 2,
      `${model} ${row.channel_name}: ${ours.value}, ${theirs}`,
    );
  }
}
const chain = await credit(paths, "markov");
const all = chain.reduce((sum, { conversions }) => sum + conversions, 0);
let widest = 0;
for (const { channel_name: channel, total_conversions: theirs } of oracle.markov) {
  const ours = chain.find((row) => row.channel === channel)?.conversions ?? 0;
  // Theirs is a simulation, which is the less exact the smaller the effect of removing a channel is.
  const effect = oracle.removal.find((row) => row.channel_name === channel).removal_effects;
  const allowed = effect > 0.1 ? 0.02 : effect > 0.02 ? 0.06 : 0.3;
  const off = Math.abs(ours - theirs) / Math.max(theirs, all / 1_000);
  widest = Math.max(widest, off);
  assert.ok(off < allowed, `markov ${channel}: ${ours}, simulated ${theirs}, effect ${effect}`);
}
console.log(
  `credit by first, last and linear is that of ChannelAttribution, by markov within ${(widest * 100).toFixed(1)} % of its simulation`,
);
