import { weixin } from "../weixin.mjs";

/** 神策's SDK for WeChat mini-programs, as its introduction configures it. */
export const sensors = {
  name: "神策 sa-sdk-miniprogram",
  package: "sa-sdk-miniprogram",
  open: weixin,
  runsOnce: true,
  source: `
    import sensors from "sa-sdk-miniprogram/dist/wechat/sensorsdata.cjs.js";
    const autoTrack = { appLaunch: false, appShow: false, appHide: false, pageShow: false, pageShare: false, mpFavorite: false };
    sensors.setPara({ server_url: "https://sink.example/sa", show_log: false, autoTrack });
    sensors.init();
    globalThis.track = (n) => sensors.track("helped", { n });
  `,
  read: ({ body }) => {
    const list = decodeURIComponent(/data_list=([^&]*)/.exec(body)[1]);
    const events = JSON.parse(Buffer.from(list, "base64").toString("utf8"));
    // Its first event is about the person, and has no number.
    return events
      .filter(({ type }) => type === "track")
      .map(({ distinct_id, time, _track_id, event, properties }) => {
        return { id: [distinct_id, time, _track_id, event].join(" "), n: properties.n };
      });
  },
};
