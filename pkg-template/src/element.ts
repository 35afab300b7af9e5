// "kfactor/element": elements for pages without a framework. Importing it defines them.
import "kfactor";
import { define } from "./element/base.js";
import { KfLoop } from "./element/loop-element.js";
import { KfPoster } from "./element/poster-element.js";
import { KfShare } from "./element/share-element.js";

define("kf-loop", KfLoop);
define("kf-poster", KfPoster);
define("kf-share", KfShare);

export { KfLoop, KfPoster, KfShare };

declare global {
  interface HTMLElementTagNameMap {
    "kf-loop": KfLoop;
    "kf-poster": KfPoster;
    "kf-share": KfShare;
  }
}
