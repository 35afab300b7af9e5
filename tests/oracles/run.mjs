// Holds the figures of propagation trees against networkx, which is installed from PyPI into `target/oracles`. Says
// "skipped" and ends well where Python or PyPI cannot be reached.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { insight } from "kfactor";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOME = join(ROOT, "target/oracles");
const PYTHON = join(HOME, "bin/python3");
const NETWORKX = "networkx==3.4.2";
const TREES = 60;

const ORACLE = `
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
    print(json.dumps({"size": len(largest), "virality": mean, "meanDepth": sum(depths.values()) / len(depths)}))
`;

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(0);
}

if (!existsSync(PYTHON) && spawnSync("python3", ["-m", "venv", HOME]).status !== 0)
  skip("there is no python3 that can make a virtual environment");
if (spawnSync(PYTHON, ["-c", "import networkx"]).status !== 0) {
  const words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", NETWORKX];
  if (spawnSync(PYTHON, words, { stdio: "inherit" }).status !== 0) skip("networkx cannot be had from PyPI");
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
const oracle = spawnSync(PYTHON, ["-c", ORACLE], {
  input: forests.map((parents) => JSON.stringify(parents)).join("\n"),
  encoding: "utf8",
});
assert.equal(oracle.status, 0, oracle.stderr);
const expected = oracle.stdout
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

for (const [n, parents] of forests.entries()) {
  const facts = parents.map((parent, at) => {
    const inviter = parent === null ? {} : { inviter: `p${parent}` };
    return JSON.stringify({ id: `c${at}/0`, at, kind: "arrived", who: `p${at}`, ...inviter, depth: 0 });
  });
  const { tree } = await insight(facts.join("\n"));
  const { size, virality, meanDepth } = expected[n];
  assert.equal(tree.largest, size, `forest ${n}`);
  assert.ok(Math.abs(tree.virality - virality) < 1e-9, `forest ${n}: ${tree.virality}, networkx ${virality}`);
  assert.ok(
    Math.abs(tree.meanDepth - meanDepth) < 1e-9,
    `forest ${n}: ${tree.meanDepth}, networkx ${meanDepth}`,
  );
}
console.log(`${TREES} forests have the figures that networkx gives`);
