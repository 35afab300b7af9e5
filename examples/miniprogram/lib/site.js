// The site's own backend: who somebody is, and what only a backend may do. Here it is the demonstration of kfactor-server.
const config = require("../config");
const { language } = require("./words");

const PERSON = "kfactor-example:person";

/**
 * Who is here: `{ participant, proof, key }`.
 *
 * On a real site this sends the code of `wx.login` to your backend, which turns it into an openid, takes an opaque id for
 * it, and proves that id with the participant secret. An openid itself has no place in a campaign.
 */
async function signIn() {
  if (!config.demo) throw new Error("lib/site.js: sign in with your own backend here");
  return ask("GET", `/demo/identity?participant=${encodeURIComponent(person())}`);
}

/** The ids of the campaigns that run. */
async function campaignIds() {
  return (await ask("GET", "/demo/campaigns")).campaigns;
}

/** A campaign document. */
async function documentOf(campaign, { key }) {
  return ask("GET", `/v1/campaigns/${encodeURIComponent(campaign)}`, undefined, {
    Authorization: `Bearer ${key}`,
  });
}

/** The campaign that a token is for. */
async function campaignOf(token) {
  return (await ask("GET", `/r/${token}`, undefined, { Accept: "application/json" })).campaign;
}

/** Something happened on the site, as a purchase. On a real site its backend says so, never a page. */
function demoEvent(campaign, by, name) {
  return ask("POST", "/demo/event", { campaign, by, name, order: order() });
}

/** A payment was received. On a real site `wx.requestPayment` comes before, and its backend says so. */
function demoPay(campaign, by, payment) {
  return ask("POST", "/demo/pay", Object.assign({ campaign, by, order: order() }, payment));
}

/** The path of the 小程序码 for a token, if the site has an address for it. */
function codeFor(token) {
  if (!config.codeOf || token === null) return Promise.resolve(undefined);
  return new Promise((done) => {
    wx.downloadFile({
      url: `${config.codeOf}?scene=${token}`,
      success: ({ statusCode, tempFilePath }) => done(statusCode === 200 ? tempFilePath : undefined),
      // The poster then carries an ordinary code of the link.
      fail: () => done(undefined),
    });
  });
}

/** Somebody new for each phone. */
function person() {
  const known = wx.getStorageSync(PERSON);
  if (known) return known;
  const made = `u-${order().toLowerCase()}`;
  wx.setStorageSync(PERSON, made);
  return made;
}

/** The number of an order that does not exist yet. */
function order() {
  return `D${Date.now().toString(36)}${Math.floor(Math.random() * 36 ** 6).toString(36)}`.toUpperCase();
}

function ask(method, path, body, header = {}) {
  return new Promise((resolve, reject) => {
    wx.request({
      method,
      url: config.server + path,
      header: Object.assign(body ? { "Content-Type": "application/json" } : {}, header),
      data: body ? JSON.stringify(body) : undefined,
      timeout: 10000,
      // Every status comes to success.
      success({ statusCode, data }) {
        if (statusCode >= 200 && statusCode < 300) return resolve(data);
        const { message, messageZh } = data || {};
        reject(new Error((language === "zh" ? messageZh : message) || `HTTP ${statusCode}`));
      },
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    });
  });
}

module.exports = { campaignIds, campaignOf, codeFor, demoEvent, demoPay, documentOf, signIn };
