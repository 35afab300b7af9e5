// The command line: the same package, run by Node.
import { audit } from "./audit.js";
import { bindingsCommand } from "./bindings.js";
import { conformance } from "./conformance.js";
import { costsCommand } from "./costs.js";
import { creditCommand } from "./credit.js";
import { compareCommand, variantCommand } from "./experiment.js";
import { helpOf } from "./help.js";
import { insightCommand } from "./insight.js";
import { posterCommand } from "./poster.js";
import { qrCommand } from "./qr.js";
import { reportCommand } from "./report.js";
import { run } from "./run.js";
import { Exit, langOf, say, Stop, usage } from "./terminal.js";
import { token } from "./token.js";
import { touchpoints } from "./touchpoints.js";
import { validateFiles } from "./validate.js";
import { verifyDraws } from "./verify.js";

const COMMANDS: Readonly<Record<string, (words: string[]) => Promise<Exit>>> = {
  validate: validateFiles,
  costs: costsCommand,
  run,
  audit,
  conformance,
  bindings: bindingsCommand,
  insight: insightCommand,
  credit: creditCommand,
  variant: variantCommand,
  compare: compareCommand,
  report: reportCommand,
  touchpoints,
  token,
  verify: verifyDraws,
  qr: qrCommand,
  poster: posterCommand,
};

async function main(words: string[]): Promise<Exit> {
  const [name, ...rest] = words;
  if (name === "--version" || name === "-v") return say(`${await version()}\n`, Exit.Well);
  const isHelp = words.includes("--help") || words.includes("-h");
  if (name === undefined || (isHelp && name.startsWith("-")))
    return say(helpOf(undefined, langOf(words)), isHelp ? Exit.Well : Exit.Usage);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw usage(`there is no command \`${name}\``, `没有命令 \`${name}\``);
  return isHelp ? say(helpOf(name, langOf(words)), Exit.Well) : command(rest);
}

async function version(): Promise<string> {
  const { createRequire } = await import("node:module");
  return (createRequire(import.meta.url)("../package.json") as { version: string }).version;
}

// Whoever reads may have read enough, as `head` does: then nobody is left to print for.
process.stdout.on("error", (reason: NodeJS.ErrnoException) => {
  if (reason.code !== "EPIPE") throw reason;
  process.exit(process.exitCode ?? Exit.Well);
});

const words = process.argv.slice(2);
try {
  process.exitCode = await main(words);
} catch (reason) {
  const stop = Stop.from(reason);
  if (words.includes("--json")) process.stdout.write(JSON.stringify(stop) + "\n");
  process.stderr.write(`kfactor: ${langOf(words) === "zh" ? stop.messageZh : stop.message}\n`);
  process.exitCode = stop.exit;
}
