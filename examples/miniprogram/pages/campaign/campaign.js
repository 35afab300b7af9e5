const { arrivalOf, createLoop, http, shareCard } = require("kfactor");
const config = require("../../config");
const reports = require("../../lib/reports");
const { shown } = require("../../lib/shown");
const site = require("../../lib/site");
const { language, say, words } = require("../../lib/words");

const PAGE = "/pages/campaign/campaign";

/** One campaign: progress, what is missing, the button, sharing, the poster. */
Page({
  data: {
    words: words(
      "loading",
      "tryAgain",
      "endsIn",
      "rewards",
      "mine",
      "share",
      "poster",
      "haveCode",
      "typeCode",
      "useCode",
    ),
    isDemo: config.demo,
    isReady: false,
    isBusy: false,
    notice: "",
    error: "",
    now: 0,
    view: null,
    hasPoster: false,
    wantedLabel: "",
  },

  onLoad(query) {
    this.query = query;
    this.chosen = null;
    this.card = shareCard(null, { title: say("campaigns"), page: PAGE });
    return this.enter();
  },

  onUnload() {
    this.isGone = true;
    if (this.loop) this.loop.close();
  },

  /** Finds out which campaign and who is here, and starts the loop. */
  async enter() {
    this.setData({ error: "" });
    try {
      const identity = await getApp().identity;
      // A code has room for a token and nothing else; the token knows the campaign.
      const { token } = arrivalOf(this.query);
      const campaign = this.query.campaign || (await site.campaignOf(token));
      const document = await site.documentOf(campaign, identity);
      if (this.isGone) return;
      this.identity = identity;
      this.document = document;
      this.start();
    } catch (error) {
      this.setData({ error: error.message });
    }
  },

  start() {
    const { participant: id, proof, key } = this.identity;
    this.loop = createLoop({
      campaign: this.document,
      participant: { id, proof },
      backend: http(config.server, { key }),
      address: this.query,
      lang: language,
      ...(config.report ? { report: config.report } : {}),
    });
    this.loop.subscribe(() => this.show());
    this.show();
    wx.setNavigationBarTitle({ title: this.document.title || "" });
    const [poster] = Object.keys(this.document.posters || {});
    this.poster = poster;
  },

  /** Takes the loop's state over; only what changed goes to the view. */
  show() {
    const { status, view, notice, connection } = this.loop.getSnapshot();
    const told = notice || (connection === "offline" ? say("offline") : "");
    const seen = view === null ? null : shown(view, { chosen: this.chosen, asked: this.asked });
    const change = {
      isReady: status === "ready",
      error: status === "failed" ? told : "",
      notice: told,
      view: seen,
      hasPoster: this.poster !== undefined,
      wantedLabel: seen && seen.wanted ? say(config.demo ? "demo" : "first", { name: seen.wanted }) : "",
    };
    const text = JSON.stringify(change);
    if (text === this.last) return;
    this.last = text;
    // The countdown goes by the backend's clock.
    if (view !== null) change.now = view.at - Date.now();
    this.setData(change);
    this.prepareCard(seen);
  },

  /** The card is ready before somebody taps: WeChat does not wait for it. */
  async prepareCard(seen) {
    const loop = seen && seen.loop;
    if (!loop || !loop.canShare || this.shared === loop.id) return;
    this.shared = loop.id;
    try {
      const share = await this.loop.share({ loop: loop.id });
      this.card = this.cardOf(share);
      this.setData({ code: share.code });
    } catch (error) {
      this.shared = undefined;
    }
  },

  cardOf(share) {
    const { title = "", id } = this.document || {};
    const image = config.cardImage ? { imageUrl: config.cardImage } : {};
    return shareCard(share, Object.assign({ title, page: id ? `${PAGE}?campaign=${id}` : PAGE }, image));
  },

  onShareAppMessage() {
    reports.shared(this.document && this.document.id, "card");
    return this.card;
  },

  /** The big button. */
  async press() {
    const { action, play } = this.data.view;
    await this.run(async () => {
      const answer = await this.act(action, play.play);
      if (answer.ok && action.do === "open") {
        reports.opened(this.document.id, play.play);
        this.asked = (answer.facts.find(({ kind }) => kind === "opened") || {}).loop;
      }
      if (action.do === "help") reports.helped(this.document.id, answer.ok ? "ok" : answer.code);
      if (answer.ok && wx.vibrateShort) wx.vibrateShort({ type: "light" });
    });
  },

  act(action, play) {
    const { loop } = this.data.view;
    const here = loop ? { loop: loop.id } : undefined;
    switch (action.do) {
      case "open":
        return this.loop.open(play);
      case "help":
        return this.loop.help(here);
      case "join":
        return this.loop.join(here);
      case "pay":
        return this.pay(action.amount, here || { play });
      default:
        return this.loop.act(Object.assign({ do: action.do }, here || { play }));
    }
  },

  /** The demonstration's payment. A real page calls `wx.requestPayment` here; the site's backend then tells the campaign. */
  async pay(amount, where) {
    const { confirm } = await new Promise((success) =>
      wx.showModal({ content: say("demoPay", { amount: (amount / 100).toFixed(2) }), success }),
    );
    if (!confirm) return { ok: false };
    const answer = await site.demoPay(
      this.document.id,
      this.identity.participant,
      Object.assign({ amount }, where),
    );
    await this.loop.refresh();
    return answer;
  },

  /** The demonstration lets the event happen that the play waits for. */
  happen() {
    return this.run(async () => {
      await site.demoEvent(this.document.id, this.identity.participant, this.data.view.wanted);
      await this.loop.refresh();
    });
  },

  typed({ detail }) {
    this.code = detail.value;
  },

  /** A friend's code that somebody typed in. */
  useCode() {
    const code = (this.code || "").trim();
    if (code === "") return undefined;
    const helps = ["assist", "bargain", "unlock"].includes(this.data.view.play.mechanic);
    return this.run(() => (helps ? this.loop.help({ code }) : this.loop.join({ code })));
  },

  choose({ currentTarget }) {
    this.chosen = currentTarget.dataset.play;
    this.asked = undefined;
    this.show();
  },

  drawPoster() {
    const { loop } = this.data.view;
    return this.selectComponent("#poster").open({
      loop: this.loop,
      name: this.poster,
      target: loop ? loop.id : undefined,
      values: { missing: loop ? loop.need - loop.have : "" },
      campaign: this.document.id,
    });
  },

  async run(deed) {
    this.setData({ isBusy: true });
    try {
      await deed();
    } catch (error) {
      this.setData({ notice: (language === "zh" && error.messageZh) || error.message });
    } finally {
      this.setData({ isBusy: false });
    }
  },
});
