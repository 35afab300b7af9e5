import type { Campaign } from "kfactor";

/** A step of a log: a document that is in force from here on, or commands as JSON text. */
export type Step = { campaign: Campaign; seed?: string } | { commands: string };

/** Reads commands, an array or one per line, with the documents between them. */
export function steps(text: string): Step[] {
  // Commands alone are the engine's to read, with whatever is wrong with them.
  if (!/"(campaign|command)"\s*:/.test(text)) return [{ commands: text }];
  const steps: Step[] = [];
  for (const line of entries(text)) {
    const { campaign, seed, command } = members(line);
    const last = steps.at(-1);
    if (campaign !== undefined) steps.push(seed === undefined ? { campaign } : { campaign, seed });
    else {
      const commands = command === undefined ? line : JSON.stringify(command);
      if (last !== undefined && "commands" in last) last.commands += `\n${commands}`;
      else steps.push({ commands });
    }
  }
  return steps;
}

/** The entries of an array, or the lines that are not empty, as JSON text each. */
export function entries(text: string): string[] {
  if (!text.trimStart().startsWith("[")) return text.split("\n").filter((line) => line.trim() !== "");
  return (JSON.parse(text) as unknown[]).map((entry) => JSON.stringify(entry));
}

interface Members {
  campaign?: Campaign;
  seed?: string;
  command?: unknown;
}

function members(line: string): Members {
  try {
    return Object(JSON.parse(line)) as Members;
  } catch {
    return {};
  }
}
