// The classic script with the elements: `<script src="kfactor.elements.global.js">`, and `<kf-loop>` works.
import "../element.js";

export * from "./global.js";
