import "../style.css";
import "./insight.css";
import { createApp } from "vue";
import InsightPage from "./InsightPage.vue";

createApp(InsightPage).mount("#app");
