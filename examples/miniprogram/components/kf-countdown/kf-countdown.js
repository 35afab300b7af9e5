const { say } = require("../../lib/words");

/** The time that is left, by the backend's clock. */
Component({
  properties: {
    label: { type: String, value: "" },
    /** Unix milliseconds. */
    until: { type: Number, value: 0 },
    /** By how much the backend's clock is ahead of this phone's, in milliseconds. */
    ahead: { type: Number, value: 0 },
  },

  data: { days: 0, parts: ["00", "00", "00"], unit: say("days") },

  observers: {
    "until, ahead": function () {
      this.tick();
    },
  },

  lifetimes: {
    attached() {
      this.begin();
    },
    detached() {
      clearInterval(this.timer);
    },
  },

  pageLifetimes: {
    show() {
      this.begin();
    },
    hide() {
      clearInterval(this.timer);
    },
  },

  methods: {
    begin() {
      clearInterval(this.timer);
      this.tick();
      this.timer = setInterval(() => this.tick(), 1000);
    },

    tick() {
      const left = Math.max(0, Math.ceil((this.data.until - Date.now() - this.data.ahead) / 1000));
      const two = (value) => String(Math.floor(value)).padStart(2, "0");
      const days = Math.floor(left / 86400);
      const parts = [two((left % 86400) / 3600), two((left % 3600) / 60), two(left % 60)];
      if (days !== this.data.days || parts.join() !== this.data.parts.join()) this.setData({ days, parts });
    },
  },
});
