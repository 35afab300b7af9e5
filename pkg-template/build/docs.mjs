// The documentation and the example campaigns that go into the package, for those who have nothing but it: without
// pictures, and with links only to what is there.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/** The files that are shipped, by where they lie in the repository. */
export function documents(root) {
  const within = (folder, ending) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => join(folder, name));
  return [...within("docs", ".md"), ...within("examples/campaigns", ".json")];
}

/** Writes them into the package, at the same places. */
export function shipDocuments(root, pkg) {
  const files = documents(root);
  for (const file of files) {
    const target = join(pkg, file);
    mkdirSync(dirname(target), { recursive: true });
    const text = readFileSync(join(root, file), "utf8");
    writeFileSync(target, file.endsWith(".md") ? withoutPictures(text) : withSchema(text, target, pkg));
  }
  // Links are looked at when everything is there.
  for (const file of files.filter((name) => name.endsWith(".md"))) {
    const target = join(pkg, file);
    writeFileSync(target, linked(readFileSync(target, "utf8"), dirname(target)));
  }
}

/** Without pictures, and without tables of nothing else. */
function withoutPictures(text) {
  const plain = text.replace(/^\|( !\[[^\n]*\|)\n\|[-|]+\|\n/gm, "").replace(/^!\[[^\]]*\]\([^)]*\)\n/gm, "");
  return plain.replace(/\n{3,}/g, "\n\n");
}

/** Links to what is in the package; of all others, the words. */
function linked(text, folder) {
  return text.replace(/\[([^\]]*)\]\(([^)#]+)(#[^)]*)?\)/g, (link, words, address, place = "") => {
    if (/^https?:/.test(address)) return link;
    const there = address.endsWith("pkg-template/README.md") ? "../README.md" : address;
    return existsSync(join(folder, there)) ? `[${words}](${there}${place})` : words;
  });
}

/** An example that names the schema of the package. */
function withSchema(text, target, pkg) {
  const schema = relative(dirname(target), join(pkg, "campaign.schema.json"));
  const own = text.replace(/"\$schema": "[^"]*"/, `"$schema": ${JSON.stringify(schema)}`);
  if (!own.includes(schema)) throw new Error(`${basename(target)} names no schema`);
  return own;
}
