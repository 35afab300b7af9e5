import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

/** Where `npx vite` finds the backend while the page is being written. */
const BACKEND = process.env.KFACTOR_BACKEND ?? "http://127.0.0.1:8787";
const PATHS = ["/v1", "/r", "/demo", "/store"];

export default defineConfig({
  plugins: [vue()],
  build: {
    target: ["es2020", "safari14"],
    // The charts of insight.html.
    chunkSizeWarningLimit: 700,
    rollupOptions: { input: ["index.html", "insight.html"] },
  },
  server: { proxy: Object.fromEntries(PATHS.map((path) => [path, BACKEND])) },
});
