import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  // In development the page is served by Vite and the API by `ucal serve`.
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  // The server's Content-Security-Policy is `default-src 'self'`: nothing may be inlined as data:.
  build: { assetsInlineLimit: 0, target: "es2022", modulePreload: { polyfill: false } },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], setupFiles: ["src/messages/setup.ts"], restoreMocks: true },
});
