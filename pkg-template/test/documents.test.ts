import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { validate } from "kfactor";

test("the package has its documentation, whose links lead somewhere", () => {
  const guides = readdirSync("docs").filter((name) => name.endsWith(".md"));
  const files = ["README.md", ...guides.map((name) => `docs/${name}`)];
  let links = 0;
  for (const file of files) {
    const text = readFileSync(join("pkg", file), "utf8");
    assert.doesNotMatch(text, /!\[/, file);
    for (const [, address = ""] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https?:/.test(address)) continue;
      assert.ok(existsSync(join("pkg", dirname(file), address)), `${file}: ${address}`);
      links++;
    }
  }
  assert.ok(links > 30, `${links} links`);
});

test("the campaigns in the package are valid and find their schema", async () => {
  const folder = "pkg/examples/campaigns";
  const names = readdirSync(folder);
  assert.deepEqual(names, readdirSync("examples/campaigns"));
  for (const name of names) {
    const text = readFileSync(join(folder, name), "utf8");
    const { $schema } = JSON.parse(text) as { $schema: string };
    assert.ok(existsSync(join(folder, $schema)), name);
    const errors = (await validate(text)).filter(({ severity }) => severity === "error");
    assert.deepEqual(errors, [], name);
  }
});
