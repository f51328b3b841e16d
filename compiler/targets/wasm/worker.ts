/**
 * The compile worker: loads Binaryen, then answers each kernel program with WASM. Idle for a while it ends, which gives
 * Binaryen's memory (about 90 MB) back; the next compilation starts another.
 */
import { workerData } from "node:worker_threads";
import {
  ANSWERS,
  type CompileAnswer,
  type CompileRequest,
  DEAD,
  IDLE,
  STATE,
  type WorkerSetup,
} from "./protocol.js";

const IDLE_MS = 3000;

const { port, signals } = workerData as WorkerSetup;
const flags = new Int32Array(signals);
const signal = (): void => {
  Atomics.add(flags, ANSWERS, 1);
  Atomics.notify(flags, ANSWERS);
};

process.on("exit", () => {
  Atomics.store(flags, STATE, DEAD);
  signal();
});

// A failure to load is the answer to every request, so that the waiting thread hears of it.
const emitter = import("./module.js").then(
  (module) => ({ module, failure: null }),
  (failure: unknown) => ({ module: null, failure }),
);

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const answer = async (request: CompileRequest): Promise<CompileAnswer> => {
  const { module, failure } = await emitter;
  if (module === null) return { ok: false, error: `the WASM emitter did not load: ${textOf(failure)}` };
  const start = performance.now();
  try {
    const emitted = module.emitModule(request.program, request.profile, { wat: request.wat });
    return { ok: true, ...emitted, ms: performance.now() - start };
  } catch (error) {
    return { ok: false, error: textOf(error) };
  }
};

const endIfIdle = (): void => {
  if (Atomics.compareExchange(flags, STATE, IDLE, DEAD) === IDLE) process.exit();
  else idle.refresh();
};
const idle = setTimeout(endIfIdle, IDLE_MS);

port.on("message", (request: CompileRequest) => {
  void answer(request).then((reply) => {
    port.postMessage(reply);
    idle.refresh();
    signal();
  });
});
