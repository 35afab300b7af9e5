// What people do here, told to We分析. Campaigns need none of it: what counts is in the campaign's own log.
const { reports } = require("../config");

function report(name, values = {}) {
  const id = reports[name];
  if (id && wx.reportEvent) wx.reportEvent(id, values);
}

module.exports = {
  opened: (campaign, play) => report("opened", { campaign, play }),
  helped: (campaign, code) => report("helped", { campaign, code }),
  shared: (campaign, way) => report("shared", { campaign, way }),
  savedPoster: (campaign) => report("savedPoster", { campaign }),
  failed: (message) => report("failed", { message: String(message).slice(0, 200) }),
};
