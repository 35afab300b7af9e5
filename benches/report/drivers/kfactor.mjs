import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../measure.mjs";
import { browser } from "../browser.mjs";
import { weixin } from "../weixin.mjs";

const ENGINE = new WebAssembly.Module(readFileSync(join(ROOT, "target/engine/engine.wasm")));

/** kfactor's own reporter in a page, with a backend that takes arrays of records. */
export const kfactor = kfactorAs({ as: "json" });

/** … in a mini-program. */
export const kfactorMini = {
  ...kfactor,
  name: "kfactor in mini-programs",
  open: (world) => {
    const page = weixin(world);
    const instantiate = async (path, imports) => new WebAssembly.Instance(ENGINE, imports);
    page.context.WXWebAssembly = { instantiate };
    return page;
  },
  runsOnce: true,
  source: `
    import { createReporter } from "kfactor/mini-program";
    const reporter = createReporter({ campaign: "tea", to: "https://sink.example/events", as: "json" });
    globalThis.track = (n) => reporter.track("helped", { n });
    globalThis.dropped = () => Object.values(reporter.counts().dropped).reduce((sum, number) => sum + number, 0);
  `,
};

/** … with another form. */
export function kfactorAs(sink) {
  const options = { campaign: "tea", to: "https://sink.example/events", ...sink };
  return {
    name: "kfactor",
    package: "kfactor",
    open: (world) => {
      const page = browser(world);
      page.context.ENGINE = ENGINE;
      return page;
    },
    source: `
      import { createReporter, init } from "kfactor/slim";
      init((imports) => Promise.resolve(new WebAssembly.Instance(ENGINE, imports)));
      const reporter = createReporter(${JSON.stringify(options)});
      globalThis.track = (n) => reporter.track("helped", { n });
      globalThis.dropped = () => Object.values(reporter.counts().dropped).reduce((sum, number) => sum + number, 0);
    `,
    read: ({ body }) =>
      JSON.parse(body)
        .filter(({ type }) => type === "io.kfactor.helped.v1")
        .map(({ id, data }) => ({ id, n: data.n })),
    dropped: (page) => page.context.dropped(),
  };
}
