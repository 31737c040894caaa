// Types are checked with all other examples. The library lies outside of this folder here;
// where it is installed from a registry, `turbopack.root` is not needed.

import { join } from "node:path";
import type { NextConfig } from "next";

const config: NextConfig = {
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: join(__dirname, "../../..") },
};

export default config;
