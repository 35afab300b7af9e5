// What is particular to your site.
module.exports = {
  /** Where kfactor-server is; a published mini-program needs https and this domain in its list of request domains. */
  server: "http://127.0.0.1:8787",

  /**
   * Whether the server runs its demonstration (`--demo`): it then proves anybody and plays the payment provider. Without it,
   * `lib/site.js` needs your own backend's sign-in and payments.
   */
  demo: true,

  /**
   * The address of your backend that gives a 小程序码 for `?scene={token}`, by WeChat's getUnlimitedQRCode. Without it posters
   * carry an ordinary QR code of the link, which a long press inside a mini-program does not read, but the camera does.
   */
  codeOf: "",

  /** The picture of shared cards, 5 wide and 4 high; WeChat takes a picture of the page if it is empty. */
  cardImage: "",

  /**
   * Your backend for reports of what happens (docs/reports.md), as { to: "https://example.com/events", as: "json" }. They wait in
   * the mini-program's storage until it has taken them. Its domain belongs in the list of request domains.
   */
  report: null,

  /** Event ids of We分析 (wx.reportEvent) for what people do here; what has no id is not reported. */
  reports: {
    opened: "",
    helped: "",
    shared: "",
    savedPoster: "",
    failed: "",
  },
};
