// The command line: the same package, run by Node.
import { audit } from "./audit.js";
import { bindingsCommand } from "./bindings.js";
import { conformance } from "./conformance.js";
import { insightCommand } from "./insight.js";
import { posterCommand } from "./poster.js";
import { qrCommand } from "./qr.js";
import { reportCommand } from "./report.js";
import { run } from "./run.js";
import { Exit, say, Stop, usage } from "./terminal.js";
import { token } from "./token.js";
import { touchpoints } from "./touchpoints.js";
import { validateFiles } from "./validate.js";
import { verifyDraws } from "./verify.js";

const HELP = `kfactor: campaigns and referral loops

  kfactor validate FILE…                    what is wrong with campaign documents
  kfactor run CAMPAIGN [COMMANDS|-]         decides commands (JSON array, or one per line) and prints facts;
                                            a log, with revisions of the campaign, will do as well
      --view WHO [--loop ID] [--at TIME]    then prints a participant's view
      --digest                              then prints the hash of the state
      --seed HEX                            64 hexadecimal digits; zeros if absent
      --strict                              exit code 1 if a command was refused
  kfactor audit CAMPAIGN [LOG|-]            decides a log again and prints what could not stand; --seed HEX
  kfactor conformance DIR                   runs a folder of conformance cases
  kfactor token peek TOKEN                  a token's fields, without a key
  kfactor token verify TOKEN --key HEX      its fields, proven; --kid N if the key is not number 0
  kfactor token mint --key HEX --campaign N [--kid N] [--kind N] [--touchpoint N] [--inviter N] [--day N]
                     [--depth N]
  kfactor verify CAMPAIGN --seed HEX --facts FILE   re-checks every draw with the published seed
      --commitment HEX                      what was promised before the campaign
  kfactor insight [FACTS|-]                 what facts say about how a campaign spreads: funnel, K, tree, credit, RFM
      --window SPAN                         in which those whom people bring count, as 7d; --offset +08:00
      --csv DIR                             writes each table as a CSV file
      --campaign FILE                       and the funnel of each of its segments
  kfactor report [FACTS|-] --campaign ID --to URL    sends facts to a backend and waits until it has taken them
      --as cloudevents|cloudevents-batch|ndjson|json|segment|sensors|ga4  --key WRITEKEY
      --store DIR                           keeps there what could not be sent in a minute, for the next run; without FACTS it
                                            is all that is sent: \`kfactor report - … </dev/null\`
  kfactor bindings [EVENTS|-]               who is whose inviter by a site's policy, as CSV
      --lock first-touch|first-register|first-order|first-pay  --rebind never|after-protection|always
      --protection SPAN  --eligible all|new-only  --renew none|purchase|visit
  kfactor touchpoints CAMPAIGN --key HEX --url URL   a tracked link for each touchpoint, as CSV
      --kid N  --day N  --sheet FILE.html   and a sheet of QR codes to print
  kfactor qr TEXT [-o FILE.svg|FILE.png] [--terminal] [--level L|M|Q|H] [--micro]
  kfactor poster CAMPAIGN NAME --url URL -o FILE.svg|FILE.png   a poster of the campaign
      --set NAME=VALUE [--variant NAME] [--scale 100] [--images FOLDER]
      --csv FILE -o FOLDER                  one for each line; columns are variables, url, variant and file

  --json          machine-readable output
  --lang en|zh    the language of messages
  --help, --version

Exit codes: 0 all is well, 1 findings or refusals, 2 the command line is wrong.
`;

const COMMANDS: Readonly<Record<string, (words: string[]) => Promise<Exit>>> = {
  validate: validateFiles,
  run,
  audit,
  conformance,
  bindings: bindingsCommand,
  insight: insightCommand,
  report: reportCommand,
  touchpoints,
  token,
  verify: verifyDraws,
  qr: qrCommand,
  poster: posterCommand,
};

async function main(words: string[]): Promise<Exit> {
  const [name, ...rest] = words;
  if (words.includes("--help") || words.includes("-h")) return say(HELP, Exit.Well);
  if (name === "--version") return say(`${await version()}\n`, Exit.Well);
  if (name === undefined) return say(HELP, Exit.Usage);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw usage(`there is no command \`${name}\``);
  return command(rest);
}

async function version(): Promise<string> {
  const { createRequire } = await import("node:module");
  return (createRequire(import.meta.url)("../package.json") as { version: string }).version;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (reason) {
  const { exit, message } = Stop.from(reason);
  process.stderr.write(`kfactor: ${message}\n`);
  process.exitCode = exit;
}
