// Loaded before the tests: the library run from its sources starts dist/worker.js, so that must be up to date.
import { renewWorker } from "./bundles.mjs";

await renewWorker();
