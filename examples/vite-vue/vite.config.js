import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// kfactor-server, which in production answers under the same address as the page.
const backend = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue()],
  server: { proxy: { "/v1": backend, "/demo": backend, "/r": backend } },
});
