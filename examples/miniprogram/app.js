const { init } = require("kfactor");
const reports = require("./lib/reports");
const site = require("./lib/site");

App({
  onLaunch() {
    // Loading early makes the first campaign quicker; whoever needs the engine loads it again if this failed.
    init().catch((error) => reports.failed(error.message));
    this.identity = site.signIn();
    this.identity.catch((error) => reports.failed(error.message));
  },

  onError(message) {
    reports.failed(message);
  },
});
