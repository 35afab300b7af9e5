const { words } = require("../../lib/words");

/** Asks for consent to the privacy guide when WeChat says that something needs it. */
Component({
  data: { words: words("privacyTitle", "privacyLead", "privacyRead", "agree", "disagree"), isOpen: false },

  lifetimes: {
    attached() {
      if (!wx.onNeedPrivacyAuthorization) return;
      wx.onNeedPrivacyAuthorization((resolve) => {
        this.resolve = resolve;
        this.setData({ isOpen: true });
      });
    },
  },

  methods: {
    read() {
      wx.openPrivacyContract({});
    },

    /** Counts only with the button that the person tapped. */
    agree() {
      this.answer({ event: "agree", buttonId: "kf-agree" });
    },

    disagree() {
      this.answer({ event: "disagree" });
    },

    answer(choice) {
      this.setData({ isOpen: false });
      if (this.resolve) this.resolve(choice);
      this.resolve = undefined;
    },

    stay() {},
  },
});
