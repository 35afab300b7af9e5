// From a campaign's state to what the page shows: plain data, the same for every mechanic.
const { stepInWords } = require("kfactor");
const { actInWords, language, money, say, stateInWords } = require("./words");

/** The acts that have a button, the most urgent first. */
const ACTS = ["pay", "help", "join", "check-in", "draw", "open"];

/** What the page shows of a view, for the play that was chosen. */
function shown(view, { chosen, asked }) {
  const loop = view.loops.find((other) => other.loop === asked) || latest(view, chosen);
  const play = view.plays.find((other) => other.play === (loop ? loop.play : chosen)) || view.plays[0];
  const currency = view.currency;
  return {
    title: view.title,
    plays: view.plays.map(({ play, title }) => ({ play, title })),
    play: play ? { play: play.play, title: play.title, mechanic: play.mechanic } : null,
    price: play && play.prices && play.prices.together ? money(play.prices.together, currency) : "",
    loop: loop ? loopShown(loop, view) : null,
    rewards: loop
      ? loop.rewards.map((reward) => rewardShown(reward, view))
      : (play ? play.offers : []).map(({ title, amount }, at) => ({
          id: `offer-${at}`,
          title,
          amount: amount ? money(amount, currency) : "",
          state: "",
          missing: "",
        })),
    grants: view.grants.map((grant) => ({
      id: grant.grant,
      title: grant.title,
      amount: grant.amount ? money(grant.amount, currency) : "",
      state: stateInWords(grant.status),
      missing: "",
    })),
    action: actionOf(play, loop, currency),
    // What has to happen on the site first; the demonstration lets it happen.
    wanted: wanted(play, loop),
  };
}

/** The participant's own loop of a play; one that is for all comes after it. */
function latest(view, chosen) {
  const loops = view.loops.filter(({ play }) => chosen === null || play === chosen);
  return loops.find(({ role }) => role !== "visitor") || loops[0];
}

function loopShown(loop, view) {
  const { loop: id, have, need, status, role, initiator, until, amount } = loop;
  const isMine = role === "initiator";
  return {
    id,
    isMine,
    isRunning: status === "running",
    have,
    need,
    percent: need > 0 ? Math.min(100, Math.round((have / need) * 100)) : 100,
    until: status === "running" && until ? until : 0,
    state: status === "complete" ? say("complete") : status === "expired" ? say("expired") : "",
    lead: isMine || role !== "visitor" ? "" : say("invited", { name: nameOf(initiator, view.participant) }),
    amount: amount ? money(amount, view.currency) : "",
    canShare: loop.actions.some((action) => action.do === "share" && action.ready),
    people: loop.people.slice(0, 20).map(({ who }, at) => {
      const name = nameOf(who || `_${at}`, view.participant);
      return { id: who || `_${at}`, name, letter: letterOf(name), hue: hueOf(who || "") };
    }),
  };
}

function rewardShown({ reward, to, title, amount, status, missing }, view) {
  const [step] = missing;
  return {
    id: `${reward}/${to}`,
    title: to === view.participant ? title : `${title} · ${nameOf(to, view.participant)}`,
    amount: amount ? money(amount, view.currency) : "",
    state: stateInWords(status),
    missing: step ? stepInWords(step, { currency: view.currency, lang: language }) : "",
  };
}

function actionOf(play, loop, currency) {
  const offered = (loop ? loop.actions : []).concat(play ? play.actions : []);
  for (const act of ACTS) {
    const found = offered.find((action) => action.do === act && (action.ready || act === "open"));
    if (found === undefined || (act === "open" && loop && loop.status === "running")) continue;
    const { amount = 0 } = found;
    const label = actInWords(act, { amount: amount ? money(amount, currency) : "" });
    return { do: act, label, isReady: found.ready, amount: amount || 0 };
  }
  return null;
}

function wanted(play, loop) {
  if (loop && loop.status === "running") return "";
  const step = (play ? play.missing : []).find(({ need }) => need === "event");
  return step ? step.name : "";
}

function nameOf(who, me) {
  return who === me ? say("you") : say("friend", { id: who.slice(-4).toUpperCase() });
}

function letterOf(name) {
  const word = name.split(" ").pop();
  return word.slice(0, 1);
}

/** A colour for each person, always the same. */
function hueOf(who) {
  let hash = 7;
  for (let at = 0; at < who.length; at++) hash = (hash * 31 + who.charCodeAt(at)) % 360;
  return hash;
}

module.exports = { shown };
