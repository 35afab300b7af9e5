import { miniProgram } from "../host/mini-program.js";
import { type Loop, type LoopOptions, startLoop } from "../loop/loop.js";
import { type MiniPosterOptions, type MiniPosterPicture, posterFile } from "../poster/mini-program.js";
import { type Reporter, type ReporterOptions, startReporter } from "../report/reporter.js";
import { hostApi } from "./host.js";

/** A campaign in a mini-program's page. `poster` draws on the page's canvas and gives the path of a file. */
export type MiniLoop = Loop<MiniPosterOptions, MiniPosterPicture>;

/**
 * Runs a campaign in a mini-program's page: reads what `onLoad` got, shows the view, previews a click at once, sends it,
 * and follows what happens. Asks again while the page is in sight, and rests while it is not.
 *
 * ```js
 * Page({
 *   onLoad(query) {
 *     this.loop = createLoop({ campaign, participant, backend: http(server, { key }), address: query });
 *     this.loop.subscribe(() => this.setData(this.loop.getSnapshot()));
 *   },
 *   onUnload() { this.loop.close(); },
 * });
 * ```
 */
export function createLoop(options: LoopOptions): MiniLoop {
  const api = hostApi();
  return startLoop(options, miniProgram(api), (template, data, how) => posterFile(api, template, data, how));
}

/** Sends what happened to a backend, and loses none of it; see the package's own `createReporter`. */
export function createReporter(options: ReporterOptions): Reporter {
  return startReporter(options, miniProgram(hostApi()));
}
