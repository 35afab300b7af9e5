/** Rewards, and what still separates somebody from them. */
Component({
  properties: {
    rewards: { type: Array, value: [] },
    /** Whether they belong to whoever looks. */
    isOwn: { type: Boolean, value: false },
  },
});
