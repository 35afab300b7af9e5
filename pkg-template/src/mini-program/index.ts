export { Engine, type EngineOptions, type ViewOptions } from "../engine.js";
export { CampaignError, KfactorError, type Problem } from "../errors.js";
export { Rejected } from "../answer.js";
export { type StepOptions, stepInWords } from "../steps.js";
export { explain, peek, qr, qrAll, referralCode, validate, type QrMatrix, type QrOptions } from "../tools.js";
export { init } from "./engine.js";
export { answerPage, askWorker, type PackedSymbol, type WorkerEnd, type WorkerTools } from "./worker.js";
export { createLoop, createReporter, type MiniLoop } from "./loop.js";
export { type CardOptions, shareCard, type ShareCard } from "./card.js";
export type { LoopOptions, LoopSnapshot, PosterWishes, ShareOptions, Target } from "../loop/loop.js";
export { variant, type Weights } from "../experiment.js";
export { arrivalOf, type Arrival } from "../loop/arrival.js";
export * from "../report/index.js";
export type { KeyValue } from "../loop/storage.js";
export type { Address, Host, PageEvents, Reply, Request, StreamEvents } from "../host/host.js";
export type { Backend, Connection, Context, Listener, Share, ShareRequest } from "../backends/backend.js";
export { http, type HttpOptions } from "../backends/http.js";
export { anyStore, type AnyStoreOptions } from "../backends/any-store.js";
export { local, type LocalBackend, type LocalOptions } from "../backends/local.js";
export {
  type CanvasNode,
  drawOnNode,
  type MiniPosterOptions,
  type MiniPosterPicture,
} from "../poster/mini-program.js";
export type { PosterNote } from "../poster/notes.js";
export type { PosterData } from "../poster/poster.js";
export { paint, type DisplayList, type PaintHost } from "../poster/canvas.js";
export type * from "../types.js";
