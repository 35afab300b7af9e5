export { Engine, type EngineOptions, type ViewOptions } from "./engine.js";
export { CampaignError, KfactorError, type Problem } from "./errors.js";
export { Rejected } from "./answer.js";
export { bindings, type Bindings, type HistoryEvent, type Policy } from "./bindings.js";
export { type Costs, costs, type RewardCost } from "./costs.js";
export {
  credit,
  CREDIT_MODELS,
  type CreditModel,
  type CreditOptions,
  type CreditPath,
  type CreditRow,
} from "./credit.js";
export { type ArmComparison, type ArmResult, compareArms, variant, type Weights } from "./experiment.js";
export { type Group, insight, insightTables, type InsightOptions } from "./insight.js";
export { type StepOptions, stepInWords } from "./steps.js";
export { explain, peek, qr, qrAll, referralCode, validate, type QrMatrix, type QrOptions } from "./tools.js";
export {
  createLoop,
  type Loop,
  type LoopOptions,
  type LoopPosterOptions,
  type LoopSnapshot,
  type PosterWishes,
  type ShareOptions,
  type Target,
} from "./loop/loop.js";
export { arrivalOf, type Arrival, type UtmLink } from "./loop/arrival.js";
export { createReporter } from "./report/browser.js";
export * from "./report/index.js";
export { keyValueStore } from "./report/key-value-store.js";
export { indexedDbStore } from "./report/indexed-db-store.js";
export type { KeyValue } from "./loop/storage.js";
export type { Backend, Connection, Context, Listener, Share, ShareRequest } from "./backends/backend.js";
export type { Address, Host, PageEvents, Reply, Request, StreamEvents } from "./host/host.js";
export { http, type HttpOptions } from "./backends/http.js";
export { anyStore, type AnyStoreOptions } from "./backends/any-store.js";
export { local, type LocalBackend, type LocalOptions } from "./backends/local.js";
export { type CanvasNode, drawOnNode, type NodeOptions } from "./poster/mini-program.js";
export type { PosterNote } from "./poster/notes.js";
export {
  drawPoster,
  posterSvg,
  type PosterData,
  type PosterOptions,
  type PosterPicture,
} from "./poster/poster.js";
export { type CodeReader, type Decoder, readerOf } from "./poster/read-back.js";
export { styledQr, type QrStyle, type StyledQr } from "./poster/styled.js";
export { paint, type DisplayList, type PaintHost } from "./poster/canvas.js";
export type * from "./types.js";
