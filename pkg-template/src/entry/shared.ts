// What several entries have in common. The build lets each of them reach all of it, so that it becomes one file: Node takes
// almost a millisecond for each file of a program, and a bundler leaves out of one file what is not used as it does of ten.
import "../backend.js";
import "../index.js";
import "../loop/lazy.js";
import "./beside.js";
import "./bytes.js";
import "./fetched.js";
