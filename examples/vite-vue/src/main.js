import { createApp } from "vue";
import App from "./App.vue";
import { campaignOf, whoIsHere } from "./site.js";

const visitor = await whoIsHere();
createApp(App, { visitor, campaign: await campaignOf("three-friends", visitor.key) }).mount("#app");
