// The peer that the engine is measured against: the workload's rules written by hand in plain JavaScript, as
// a front-end developer would write them for speed: Maps, objects of constant shape, nothing allocated but
// state and answers. It gives the protocol's own answers, so that they can be compared with the engine's one
// by one. It has nothing else of the engine: it neither checks its input nor remembers answers, knows no
// other mechanic, and takes nothing back.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The state for a campaign of `workload.mjs`. */
export function createState(campaign) {
  const rewards = new Map();
  for (const [name, rules] of Object.entries(campaign.rewards)) {
    rewards.set(name, { name, amount: Math.round(Number(rules.amount) * 100), stock: rules.stock });
  }
  const plays = new Map();
  for (const [name, rules] of Object.entries(campaign.plays)) {
    plays.set(name, {
      name,
      need: rules.helpers,
      within: Number.parseInt(rules.within, 10) * HOUR,
      give: rewards.get(rules.give[0]),
      giveHelper: rewards.get(rules.giveHelper[0]),
      mostHelps: rules.limits[0].most,
      helps: new Map(),
    });
  }
  const offset = Number.parseInt(campaign.timezone, 10) * HOUR;
  return { offset, plays, mostToday: campaign.limits[0].most, loops: new Map(), participants: new Map() };
}

/** Decides a command, applies it and returns its answer. */
export function reduce(state, command) {
  return answer(state, command, refusal(state, command));
}

/** Applies a command, unless a code refuses it, and returns its answer. */
export function answer(state, command, code) {
  if (code !== null) return { ok: false, id: command.id, code, params: {}, missing: [] };
  return { ok: true, id: command.id, facts: accept(state, command, PROTOCOL) };
}

/** As `reduce`, with bare effects for an answer: no ids of facts and grants, no times, no envelope. */
export function reduceToEffects(state, command) {
  const code = refusal(state, command);
  return code === null ? accept(state, command, EFFECTS) : [{ kind: "rejected", code }];
}

/** As `reduce`, and the same command again is answered as the first time. */
export function reduceOnce(state, answers, command) {
  const first = answers.get(command.id);
  if (first === undefined) {
    const answer = reduce(state, command);
    answers.set(command.id, { command, answer });
    return answer;
  }
  const { by, loop, play } = first.command;
  if (
    first.command.do === command.do &&
    by === command.by &&
    loop === command.loop &&
    play === command.play
  ) {
    return { ...first.answer, repeated: true };
  }
  return { ok: false, id: command.id, code: "COMMAND_ID_REUSED", params: {}, missing: [] };
}

/** The code of the first rule that refuses a command, or null. */
export function refusal(state, command) {
  if (command.do === "open") {
    if (!state.plays.has(command.play)) return "PLAY_UNKNOWN";
    return state.loops.has(command.loop) ? "LOOP_EXISTS" : null;
  }
  const loop = state.loops.get(command.loop);
  if (loop === undefined) return "LOOP_UNKNOWN";
  if (loop.have >= loop.play.need) return "LOOP_COMPLETE";
  if (command.at >= loop.until) return "LOOP_EXPIRED";
  if (command.by === loop.by) return "OWN_LOOP";
  if (loop.helpers.has(command.by)) return "ALREADY_HELPED";
  if ((loop.play.helps.get(command.by) ?? 0) >= loop.play.mostHelps) return "LIMIT_REACHED";
  return helpsToday(state, command) >= state.mostToday ? "LIMIT_REACHED" : null;
}

/** How often the participant of a command has helped on its day, which is the campaign's local one. */
export function helpsToday(state, command) {
  const who = state.participants.get(command.by);
  return who !== undefined && who.day === dayOf(state, command.at) ? who.today : 0;
}

/** Applies a command that no rule refuses and returns what happened, as `make` puts it. */
function accept(state, command, make) {
  const { at, by } = command;
  const facts = [];
  let who = state.participants.get(by);
  if (who === undefined) {
    who = { day: 0, today: 0 };
    state.participants.set(by, who);
    facts.push(make.met(command, facts.length));
  }
  if (command.do === "open") {
    const play = state.plays.get(command.play);
    const until = at + play.within;
    state.loops.set(command.loop, { by, play, until, have: 0, grants: 0, helpers: new Set() });
    facts.push(make.opened(command, facts.length, until));
    return facts;
  }
  const loop = state.loops.get(command.loop);
  const { play } = loop;
  const day = dayOf(state, at);
  who.today = who.day === day ? who.today + 1 : 1;
  who.day = day;
  play.helps.set(by, (play.helps.get(by) ?? 0) + 1);
  loop.helpers.add(by);
  loop.have += 1;
  facts.push(make.helped(command, facts.length, loop));
  facts.push(hand(command, facts.length, loop, play.giveHelper, by, make));
  if (loop.have === play.need) {
    facts.push(make.completed(command, facts.length));
    facts.push(hand(command, facts.length, loop, play.give, loop.by, make));
  }
  return facts;
}

function hand(command, index, loop, reward, to, make) {
  if (reward.stock === 0) return make.withheld(command, index, reward.name, to);
  reward.stock -= 1;
  loop.grants += 1;
  return make.granted(command, index, loop, reward.name, to, reward.amount);
}

function dayOf(state, at) {
  return Math.floor((at + state.offset) / DAY);
}

/** The facts of the protocol. */
const PROTOCOL = {
  met: ({ id, at, by }, n) => ({ id: `${id}/${n}`, at, kind: "met", who: by }),
  opened: ({ id, at, by, loop, play }, n, until) => ({
    id: `${id}/${n}`,
    at,
    kind: "opened",
    loop,
    play,
    by,
    until,
  }),
  helped: ({ id, at, by, loop }, n, { have, play }) => ({
    id: `${id}/${n}`,
    at,
    kind: "helped",
    loop,
    by,
    have,
    need: play.need,
  }),
  completed: ({ id, at, loop }, n) => ({ id: `${id}/${n}`, at, kind: "completed", loop }),
  granted: ({ id, at, loop }, n, { grants }, reward, to, amount) => ({
    id: `${id}/${n}`,
    at,
    kind: "granted",
    grant: `${loop}.${grants}`,
    loop,
    reward,
    to,
    amount,
  }),
  withheld: ({ id, at, loop }, n, reward, to) => ({
    id: `${id}/${n}`,
    at,
    kind: "withheld",
    loop,
    reward,
    to,
    reason: "stock",
  }),
};

/** The least that tells what happened. */
const EFFECTS = {
  met: ({ by }) => ({ kind: "met", who: by }),
  opened: ({ loop, by }, _, until) => ({ kind: "opened", loop, by, until }),
  helped: ({ loop, by }, _, { have }) => ({ kind: "helped", loop, by, have }),
  completed: ({ loop }) => ({ kind: "completed", loop }),
  granted: ({ loop }, _, __, reward, to, amount) => ({ kind: "granted", loop, reward, to, amount }),
  withheld: ({ loop }, _, reward, to) => ({ kind: "withheld", loop, reward, to }),
};
