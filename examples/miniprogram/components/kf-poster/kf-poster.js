const reports = require("../../lib/reports");
const site = require("../../lib/site");
const { say, words } = require("../../lib/words");

/** A sheet with the poster of a loop, to be saved to the album. */
Component({
  data: {
    words: words("posterLead", "save", "close", "drawing", "code"),
    isOpen: false,
    src: "",
    code: "",
    problem: "",
  },

  methods: {
    /** Draws the poster `name` for the loop `target` of a campaign's `loop`, and shows it. */
    async open({ loop, name, target, values, campaign }) {
      this.campaign = campaign;
      this.setData({ isOpen: true, src: "", problem: "" });
      try {
        const canvas = await this.canvas();
        const where = target === undefined ? {} : { loop: target };
        // The platform's own code, where the site has one: a long press inside WeChat reads no other.
        const code = ({ token }) => site.codeFor(token);
        const picture = await loop.poster(name, Object.assign({ canvas, values, code }, where));
        reports.shared(campaign, "poster");
        this.setData({ src: picture.src, code: picture.share.code });
      } catch (error) {
        this.setData({ problem: error.messageZh || error.message });
      }
    },

    close() {
      this.setData({ isOpen: false });
    },

    /** Pages must not scroll behind the sheet. */
    stay() {},

    async save() {
      try {
        await allowed();
        await promised(wx.saveImageToPhotosAlbum, { filePath: this.data.src });
        reports.savedPoster(this.campaign);
        wx.showToast({ title: say("saved") });
      } catch (error) {
        this.refused(error);
      }
    },

    /** Whoever refused once is not asked again by WeChat: only its settings help. */
    refused({ errMsg = "" }) {
      if (/cancel/.test(errMsg)) return;
      if (/auth/.test(errMsg) && wx.openSetting) {
        wx.showModal({ content: say("settings"), success: ({ confirm }) => confirm && wx.openSetting({}) });
      } else this.setData({ problem: errMsg });
    },

    copy() {
      wx.setClipboardData({ data: this.data.code });
    },

    canvas() {
      return new Promise((done, failed) => {
        const query = wx.createSelectorQuery().in(this).select("#canvas");
        query
          .fields({ node: true, size: true })
          .exec(([found]) => (found && found.node ? done(found.node) : failed(new Error("canvas"))));
      });
    },
  },
});

/** The person's consent to the privacy guide; versions before 2.32.3 do not ask. */
function allowed() {
  return wx.requirePrivacyAuthorize ? promised(wx.requirePrivacyAuthorize, {}) : Promise.resolve();
}

function promised(call, options) {
  return new Promise((success, fail) => call(Object.assign({ success, fail }, options)));
}
