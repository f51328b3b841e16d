// npm run ulp -- OPTIONS: errors of vector math; see test/math/ulp-main.ts.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./bundles.mjs";

// Node 20 has relaxed SIMD behind a flag
const flags = process.version.startsWith("v20.") ? ["--experimental-wasm-relaxed-simd"] : [];
const { status } = spawnSync(
  process.execPath,
  [...flags, "--import", "tsx", join(root, "test", "math", "ulp-main.ts"), ...process.argv.slice(2)],
  { stdio: "inherit", cwd: root },
);
process.exitCode = status ?? 1;
