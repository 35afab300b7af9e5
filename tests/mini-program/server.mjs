// A kfactor-server with its demonstration, and mini-programs that reach it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { needed } from "./project.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Starts a server with the campaigns of the examples; gives its address and how to stop it. */
export async function startServer() {
  const data = mkdtempSync(join(tmpdir(), "kfactor-mini-"));
  const campaigns = join(root, "examples/campaigns");
  const given = ["--data", data, "--campaigns", campaigns, "--listen", "127.0.0.1:0", "--demo"];
  const server = spawn(needed("KFACTOR_SERVER"), given, { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((done, failed) => {
    let said = "";
    server.stdout.on("data", (part) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec((said += part));
      if (found !== null) done(found[0]);
    });
    server.on("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  const stop = () => {
    server.kill();
    rmSync(data, { recursive: true, force: true });
  };
  return { url, stop };
}

/** Sends on what `wx.request` is asked, to where the server is. */
export function forwardTo(url) {
  return async ({ url: asked, method, header, data }) => {
    const to = asked.replace("http://127.0.0.1:8787", url);
    const response = await fetch(to, { method, headers: header, body: data, redirect: "manual" });
    return { statusCode: response.status, data: await response.text() };
  };
}
