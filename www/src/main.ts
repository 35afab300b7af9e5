import "vant/es/button/style";
import "vant/es/field/style";
import "vant/es/icon/style";
import "vant/es/nav-bar/style";
import "vant/es/popup/style";
import "vant/es/tabs/style";
import "vant/es/tab/style";
import "vant/es/toast/style";
import "./style.css";
import { createApp } from "vue";
import App from "./App.vue";

createApp(App).mount("#app");
