// The command line: the same package, run by Node.
import { parseArgs } from "node:util";
import { audit } from "./audit.js";
import { bindingsCommand } from "./bindings.js";
import { conformance } from "./conformance.js";
import { costsCommand } from "./costs.js";
import { creditCommand } from "./credit.js";
import { compareCommand, variantCommand } from "./experiment.js";
import { insightCommand } from "./insight.js";
import { posterCommand } from "./poster.js";
import { qrCommand } from "./qr.js";
import { reportCommand } from "./report.js";
import { run } from "./run.js";
import { Exit, isChinese, say, Stop, usage } from "./terminal.js";
import { token } from "./token.js";
import { touchpoints } from "./touchpoints.js";
import { validateFiles } from "./validate.js";
import { verifyDraws } from "./verify.js";

const HELP = `kfactor: campaigns and referral loops

  kfactor validate FILE…                    what is wrong with campaign documents
  kfactor costs FILE                        what the rewards of a campaign can cost at most
  kfactor run CAMPAIGN [COMMANDS|-]         decides commands (JSON array, or one per line) and prints facts;
                                            a log, with revisions of the campaign, will do as well
                                            \`at\` and TIME: Unix milliseconds, or 2026-12-01T11:00 in the campaign's timezone
      --view WHO [--loop ID] [--at TIME]    then prints a participant's view
      --digest                              then prints the hash of the state
      --seed HEX                            64 hexadecimal digits; zeros if absent
      --strict                              exit code 1 also if a command was refused, not only if one was malformed
  kfactor audit CAMPAIGN [LOG|-]            decides a log again and prints what could not stand; --seed HEX
  kfactor conformance DIR                   runs a folder of conformance cases
  kfactor token peek TOKEN                  a token's fields, without a key
  kfactor token verify TOKEN --key HEX      its fields, proven; --kid N if the key is not number 0
  kfactor token mint --key HEX --campaign N [--kid N] [--kind N] [--touchpoint N] [--inviter N] [--day N]
                     [--depth N]
  kfactor token fits TEXT                   which places of WeChat and WeCom take a parameter as it is
  kfactor verify CAMPAIGN --seed HEX --facts FILE   re-checks every draw with the published seed
      --commitment HEX                      what was promised before the campaign
  kfactor insight [FACTS|-]                 what facts say about how a campaign spreads: funnel, K, tree, credit, RFM
      --window SPAN                         in which those whom people bring count, as 7d; --offset +08:00
      --csv DIR                             writes each table as a CSV file
      --campaign FILE                       and the funnel of each of its segments
      --look-back SPAN  --half-life SPAN  --transform exposure|first|without-direct    of the paths that get credit
  kfactor credit [PATHS|-]                  credit by channel for any paths: a table of path ("search > poster"), converted,
                                            lost, value; or JSON with times
      --model NAME  --position 40/40  --direct NAME  --separator ">"  and as above
  kfactor variant EXPERIMENT ARM[=WEIGHT]… [--people FILE|-]    the variant of each person of a list, the same everywhere
  kfactor compare ARM=CONVERTED/PEOPLE[/WEIGHT]…    which arm is better, whenever one looks; checks the split
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
      --modules square|rounded|dots|connected  --finders square|rounded  --dark #HEX|#FROM:#TO  --light #HEX
      --logo PICTURE  --frame WORDS         a look of its own, as SVG, within what scanners read
  kfactor poster CAMPAIGN NAME --url URL -o FILE.svg|FILE.png   a poster of the campaign
      --set NAME=VALUE [--variant NAME] [--scale 100] [--images FOLDER]
      --surface mini-program|h5|app|offline the layers that are for it
      --csv FILE -o FOLDER                  one for each line; columns are variables, url, variant and file
      --force                               writes over posters of an earlier table that had no column \`file\`

  --json          machine-readable output
  --lang en|zh    the language of messages
  --help, --version

Exit codes: 0 all is well, 1 findings, 2 the command line or a file is wrong.
`;

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
  if (words.includes("--help") || words.includes("-h")) return say(helpOf(name), Exit.Well);
  if (name === "--version") return say(`${await version()}\n`, Exit.Well);
  if (name === undefined) return say(HELP, Exit.Usage);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw usage(`there is no command \`${name}\``, `没有命令 \`${name}\``);
  return command(rest);
}

/** What the help says of one command; all of it for what is none. */
function helpOf(name: string | undefined): string {
  const [title = "", ...commands] = HELP.split(/^(?=  kfactor )/m);
  const last = commands.pop() ?? "";
  const end = last.indexOf("\n\n") + 1;
  const own = [...commands, last.slice(0, end)].filter((lines) => lines.startsWith(`  kfactor ${name} `));
  return own.length === 0 ? HELP : title + own.join("") + last.slice(end);
}

async function version(): Promise<string> {
  const { createRequire } = await import("node:module");
  return (createRequire(import.meta.url)("../package.json") as { version: string }).version;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (reason) {
  const { exit, message, messageZh } = Stop.from(reason);
  // The command line may be what is wrong, so only this is read of it.
  const { lang } = parseArgs({ options: { lang: { type: "string" } }, strict: false }).values;
  process.stderr.write(`kfactor: ${isChinese({ lang }) ? messageZh : message}\n`);
  process.exitCode = exit;
}
