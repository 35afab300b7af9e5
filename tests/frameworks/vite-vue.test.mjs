// The example in Vue: built by Vite, played against the server in Chromium, and rendered on a server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as esbuild from "esbuild";
import {
  CAMPAIGN,
  person,
  playThreeFriends,
  press,
  project,
  readQr,
  ROOT,
  startBrowser,
  startServer,
} from "./support.mjs";

let server;
let browser;
let folder;

before(async () => {
  folder = project("vite-vue", { example: "vite-vue" });
  build(folder);
  server = await startServer({ campaigns: [CAMPAIGN], www: join(folder, "dist") });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

function build(project) {
  const words = [join(ROOT, "node_modules/vite/bin/vite.js"), "build", "--logLevel=warn"];
  execFileSync(process.execPath, words, { cwd: project, stdio: "inherit" });
}

test("the built page has one WebAssembly, fetched", () => {
  const built = readdirSync(join(folder, "dist/assets"));
  assert.equal(built.filter((name) => name.endsWith(".wasm")).length, 1, built.join());
});

test("three friends help by the code on a poster, and everybody sees it live", async () => {
  const link = async (page) => {
    await press(page, "Share");
    const image = page.locator("figure img");
    await image.waitFor();
    await image.evaluate((element) => element.decode());
    await image.scrollIntoViewIfNeeded();
    assert.match(await image.getAttribute("src"), /^blob:/);
    return readQr(await page.screenshot());
  };
  const { ann } = await playThreeFriends(browser, server.url, { link });
  await ann.page.getByText("reserved").waitFor();
  await server.audit("three-friends");
});

test("a page that a server rendered with Vue hydrates without a difference and goes on live", async () => {
  const app = `
    import { http } from "kfactor";
    import { useLoop } from "kfactor/vue";
    import { createSSRApp, h } from "vue";
    export const app = ({ campaign, view, participant, key }) => createSSRApp({
      setup() {
        const { loop, state } = useLoop({ campaign, participant, initial: view, backend: http("/", { key }) });
        return () => [
          h("h1", state.value.view.plays[0].title),
          h("p", [h("b", String(state.value.view.loops[0]?.have ?? "none"))]),
          h("button", { onClick: () => loop.open("three-friends") }, "Start"),
        ];
      },
    });`;
  const render = `
    import { renderToString } from "vue/server-renderer";
    import { app } from "./app.js";
    let text = "";
    for await (const part of process.stdin) text += part;
    process.stdout.write(await renderToString(app(JSON.parse(text))));`;
  const files = {
    "app.js": app,
    "render.js": render,
    "main.js": `import { app } from "./app.js"; app(props).mount("#app");`,
  };
  const rendered = project("vue-rendered", {
    files: { ...files, "package.json": '{"type":"module"}', "index.html": "" },
  });
  const site = await startServer({ campaigns: [CAMPAIGN], www: rendered });
  try {
    const { participant, proof, key } = await site.ask("/demo/identity?participant=ann");
    const campaign = JSON.parse(readFileSync(CAMPAIGN, "utf8"));
    const view = await site.ask("/v1/campaigns/three-friends/view?participant=ann");
    const props = JSON.stringify({ campaign, view, participant: { id: participant, proof }, key });
    const html = execFileSync(process.execPath, ["render.js"], {
      cwd: rendered,
      input: props,
      encoding: "utf8",
    });
    assert.match(html, /<h1>Three friends help.*<b>none<\/b>/);
    const define = {
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true",
      __VUE_OPTIONS_API__: "false",
      __VUE_PROD_DEVTOOLS__: "false",
    };
    await esbuild.build({
      entryPoints: [join(rendered, "main.js")],
      outfile: join(rendered, "page.js"),
      bundle: true,
      format: "esm",
      define,
      logLevel: "error",
    });
    writeFileSync(
      join(rendered, "index.html"),
      `<!doctype html><link rel="icon" href="data:,"><div id="app">${html}</div>
       <script>globalThis.props = ${props}; globalThis.rendered = document.querySelector("h1");</script>
       <script type="module" src="page.js"></script>`,
    );
    const { page, problems } = await person(browser);
    await page.goto(site.url);
    await press(page, "Start");
    await page.locator("b").getByText("0", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.rendered === document.querySelector("h1")), true);
    assert.deepEqual(problems, []);
  } finally {
    await site.stop();
  }
});

test("elements bundled by Vite bring the engine along, once", async () => {
  const html = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>
    <kf-loop backend="local" participant="ann"></kf-loop>`;
  const main = `import "kfactor/element";
    import campaign from "./three-friends.json";
    document.querySelector("kf-loop").campaign = campaign;`;
  const files = { "index.html": html, "main.js": main, "three-friends.json": readFileSync(CAMPAIGN, "utf8") };
  const bundled = project("elements-bundled", { files });
  build(bundled);
  const assets = readdirSync(join(bundled, "dist/assets"));
  assert.equal(assets.filter((name) => name.endsWith(".wasm")).length, 1, assets.join());
  const site = await startServer({ campaigns: [CAMPAIGN], www: join(bundled, "dist") });
  try {
    const { page, problems } = await person(browser);
    await page.goto(site.url);
    await press(page, "Start");
    await press(page, "Share with friends");
    await page.locator("kf-share > img").waitFor();
    assert.deepEqual(problems, []);
  } finally {
    await site.stop();
  }
});
