import { runProgram } from "../tiers.js";
import { programOf } from "../fuzz.js";
for (const t of ["ir", "ir", "kernel", "wasm", "wasm", "jit", "jit"] as const) {
  const t0 = performance.now();
  const o = await runProgram(programOf(Number(process.argv[2])), t);
  console.log(t, o.kind, (performance.now() - t0).toFixed(0), "ms", (process.memoryUsage().rss / 1e6).toFixed(0), "MB", o.kind === "fails" ? o.report.slice(0, 600) : "");
}
process.exit(0);
