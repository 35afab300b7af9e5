// Rule engines in place of the reducer's refusing rules. State, counters and facts stay the reducer's own
// plain JavaScript, and an `open`, which has one rule, does not go through them at all; so each is measured
// at what it is for, and at nothing else.

import { evaluateExpressionSync, ZenEngine } from "@gorules/zen-engine";
import { Engine } from "json-rules-engine";
import { answer, helpsToday, refusal } from "./reducer.mjs";

/** Code, and the condition under which it refuses a help: a fact, a comparison, and a fact or a value. */
const RULES = [
  ["LOOP_UNKNOWN", "known", "==", "false"],
  ["LOOP_COMPLETE", "have", ">=", "need"],
  ["LOOP_EXPIRED", "at", ">=", "until"],
  ["OWN_LOOP", "by", "==", "initiator"],
  ["ALREADY_HELPED", "helped", "==", "true"],
  ["LIMIT_REACHED", "helps", ">=", "mostHelps"],
  ["LIMIT_REACHED", "today", ">=", "mostToday"],
];

/** Decides with json-rules-engine: one rule per code, by priority; the first that holds ends the run. */
export function jsonRulesEngine(state) {
  const engine = new Engine();
  const operators = { "==": "equal", ">=": "greaterThanInclusive" };
  const value = (text) => (text === "true" || text === "false" ? text === "true" : { fact: text });
  for (const [index, [code, fact, comparison, other]] of RULES.entries()) {
    engine.addRule({
      conditions: { all: [{ fact, operator: operators[comparison], value: value(other) }] },
      event: { type: code },
      priority: RULES.length - index,
      onSuccess: () => engine.stop(),
    });
  }
  return async (command) => {
    if (command.do === "open") return answer(state, command, refusal(state, command));
    const { events } = await engine.run(factsOf(state, command));
    return answer(state, command, events[0]?.type ?? null);
  };
}

/** Decides with an expression of zen-engine, its quickest way, without a promise. */
export function zenExpression(state) {
  const cases = RULES.map(
    ([code, fact, comparison, other]) => `${fact} ${comparison} ${other} ? "${code}" : `,
  );
  const expression = cases.join("") + "null";
  return (command) => {
    if (command.do === "open") return answer(state, command, refusal(state, command));
    return answer(state, command, evaluateExpressionSync(expression, factsOf(state, command)));
  };
}

/** Decides with a decision table of zen-engine, its usual way: the first row that fits gives the code. */
export function zenTable(state) {
  const inputs = [{ id: "when", name: "when" }];
  const rows = RULES.map(([code, fact, comparison, other], at) => ({
    _id: `r${at}`,
    when: `${fact} ${comparison} ${other}`,
    code: `"${code}"`,
  }));
  const nodes = [
    { id: "in", type: "inputNode", name: "in" },
    {
      id: "table",
      type: "decisionTableNode",
      name: "table",
      content: {
        hitPolicy: "first",
        inputs,
        outputs: [{ id: "code", name: "code", field: "code" }],
        rules: rows,
      },
    },
    { id: "out", type: "outputNode", name: "out" },
  ].map((node) => ({ ...node, position: { x: 0, y: 0 } }));
  const edges = [
    { id: "e1", type: "edge", sourceId: "in", targetId: "table" },
    { id: "e2", type: "edge", sourceId: "table", targetId: "out" },
  ];
  const decision = new ZenEngine().createDecision({ nodes, edges });
  return async (command) => {
    if (command.do === "open") return answer(state, command, refusal(state, command));
    const { result } = await decision.evaluate(factsOf(state, command));
    return answer(state, command, result?.code ?? null);
  };
}

function factsOf(state, command) {
  const loop = state.loops.get(command.loop);
  return {
    known: loop !== undefined,
    have: loop?.have ?? 0,
    need: loop?.play.need ?? 0,
    at: command.at,
    until: loop?.until ?? 0,
    by: command.by,
    initiator: loop?.by ?? "",
    helped: loop?.helpers.has(command.by) ?? false,
    helps: loop?.play.helps.get(command.by) ?? 0,
    mostHelps: loop?.play.mostHelps ?? 0,
    today: helpsToday(state, command),
    mostToday: state.mostToday,
  };
}
