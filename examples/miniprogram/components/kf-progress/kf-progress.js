const { say } = require("../../lib/words");

/** How far a loop is, and who took part. */
Component({
  properties: {
    have: { type: Number, value: 0 },
    need: { type: Number, value: 0 },
    percent: { type: Number, value: 0 },
    people: { type: Array, value: [] },
    state: { type: String, value: "" },
    amount: { type: String, value: "" },
  },

  data: { count: "", empty: [] },

  observers: {
    "have, need, people": function (have, need, people) {
      const free = Math.max(0, Math.min(need, 20) - people.length);
      this.setData({
        count: need > 0 ? say("friends", { have, need }) : String(have),
        // Places that wait for somebody, a row of them at most.
        empty: Array.from({ length: Math.min(free, 10) }, (_, at) => at),
      });
    },
  },
});
