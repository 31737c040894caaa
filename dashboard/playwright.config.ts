// Tests in Debian's Chromium, against the built server. Nothing is downloaded.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "test",
  outputDir: "test-results",
  reporter: "list",
  // Servers are shared by the tests of a worker, and a machine for tests has few processors.
  workers: 1,
  // Bounds for a machine that does much else besides; nothing waits so long by itself.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    permissions: ["clipboard-write"],
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // As root, in a container, Chromium cannot make its own sandbox.
      chromiumSandbox: process.getuid?.() !== 0,
    },
  },
});
