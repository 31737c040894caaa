// Builds both forms of the package with tsc: dist/esm and dist/cjs, and the tests in dist-test,
// which use them as others do. Node tells the forms apart by the package.json nearest to a file.

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";

process.chdir(import.meta.dirname);
for (const folder of ["dist", "dist-test"]) rmSync(folder, { recursive: true, force: true });
compile("tsconfig.json");
compile("tsconfig.cjs.json");
// This one hides the package's own, so that it says again who gets which cryptography.
const commonJs = {
  type: "commonjs",
  imports: { "#crypto": { node: "./crypto/node.js", default: "./crypto/web.js" } },
};
writeFileSync("dist/cjs/package.json", `${JSON.stringify(commonJs, null, 2)}\n`);
compile("tsconfig.test.json");
// Its time is that of the build, for setup.sh.
writeFileSync("dist-test/.built", "");

function compile(project) {
  execFileSync("node_modules/.bin/tsc", ["-p", project], { stdio: "inherit" });
}
