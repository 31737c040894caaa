// Measurements, by hand: `npm run measure`. Nothing here passes or fails by a time.
import tests from "../playwright.config";

export default {
  ...tests,
  testDir: ".",
  outputDir: "../test-results/measure",
  timeout: 3_600_000,
  use: { ...tests.use, actionTimeout: 60_000, screenshot: "only-on-failure" as const },
};
