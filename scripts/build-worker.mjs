// Loaded before the tests: the library run from its sources starts dist/worker.js, so that must be up to date.
import { renewWorker } from "./bundles.mjs";

// Tests compile what they test; those of the disk cache switch it on for the processes that they start.
process.env.TSCJIT_CACHE ??= "0";

try {
  await renewWorker();
} catch {
  // esbuild has printed why. Tests that compile nothing can still run; the others use the last worker that was built.
  console.warn("dist/worker.js could not be renewed: the compile worker is not that of these sources");
}
