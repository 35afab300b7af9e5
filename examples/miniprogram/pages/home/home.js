const site = require("../../lib/site");
const { words } = require("../../lib/words");

/** The campaigns that run. */
Page({
  data: { words: words("campaigns", "lead", "none", "loading", "tryAgain"), campaigns: null, error: "" },

  onLoad() {
    this.load();
  },

  onPullDownRefresh() {
    this.load().then(() => wx.stopPullDownRefresh());
  },

  async load() {
    this.setData({ error: "" });
    try {
      const identity = await getApp().identity;
      const ids = await site.campaignIds();
      const documents = await Promise.all(ids.map((id) => site.documentOf(id, identity)));
      const campaigns = documents.map(({ id, title, plays }) => {
        const [play] = Object.values(plays);
        return { id, title: title || id, mechanic: play.mechanic, play: play.title || "" };
      });
      this.setData({ campaigns });
    } catch (error) {
      this.setData({ error: error.message });
    }
  },

  again() {
    // A sign-in that failed is tried again with everything else.
    getApp().identity = site.signIn();
    this.load();
  },

  open({ currentTarget }) {
    wx.navigateTo({ url: `/pages/campaign/campaign?campaign=${currentTarget.dataset.id}` });
  },
});
