// "kfactor" in mini-programs, and "kfactor/mini-program" for what builds them: the engine is a file of the code package.
import { provideEngine } from "../mini-program/engine.js";

provideEngine();

export * from "../mini-program/index.js";
