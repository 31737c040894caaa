// How the page is built: below /dashboard/, into the folder that waxwing-api embeds.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { verificationCode } from "./build/verification-code.ts";

// A running server, for `npm run dev`.
const server = process.env.WAXWING_URL ?? "http://127.0.0.1:8080";
const fromServer = ["/api", "/dashboard/theme"];

export default defineConfig({
  base: "/dashboard/",
  plugins: [react(), verificationCode()],
  build: {
    outDir: "../crates/waxwing-api/dashboard",
    emptyOutDir: true,
    target: "es2022",
    // The oldest ones with light-dark(). For older ones it would be rewritten into media queries,
    // which know nothing of the scheme that the operator has set.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The content security policy allows files of the server only, no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(fromServer.map((path) => [path, server])) },
});
