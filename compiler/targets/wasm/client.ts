/** The main thread's side of the compile worker: starts it in the background and waits for its answers synchronously. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { internal } from "../../diagnostics.js";
import type { KernelProgram, Profile } from "../../kernel/types.js";
import {
  ANSWERS,
  CLAIMED,
  type CompileAnswer,
  type CompileRequest,
  DEAD,
  IDLE,
  STATE,
  type WorkerSetup,
} from "./protocol.js";

export interface Compiled {
  readonly wasm: Uint8Array;
  readonly wat?: string;
  /** Milliseconds the worker spent compiling. */
  readonly ms: number;
}

interface Compiler {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly flags: Int32Array;
}
let compiler: Compiler | null = null;

/** Longest wait for one answer; the first one includes loading Binaryen (about a second). */
const TIMEOUT_MS = 120_000;

/**
 * The built worker, also for the library run from its sources (scripts/build-worker.mjs builds it alone): a TypeScript
 * loader inside the worker would need the main thread, which waits for the worker.
 */
const entry = (): URL =>
  new URL(import.meta.url.endsWith(".ts") ? "../../../dist/worker.js" : "./worker.js", import.meta.url);

const start = (): Compiler => {
  const url = entry();
  if (!existsSync(url)) internal(`the compile worker is missing: ${fileURLToPath(url)}`);
  const signals = new SharedArrayBuffer(8);
  const { port1, port2 } = new MessageChannel();
  const setup: WorkerSetup = { port: port2, signals };
  // The user's loaders and flags are not the worker's: they would slow its start.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const worker = new Worker(url, {
    name: "tsc-jit compiler",
    workerData: setup,
    transferList: [port2],
    execArgv: [],
    env,
  });
  worker.unref();
  port1.unref();
  // A death shows in the flags, where a waiting compileSync sees it; unhandled it would end the process.
  worker.on("error", () => undefined);
  return { worker, port: port1, flags: new Int32Array(signals) };
};

/** Starts the worker unless it runs: returns at once, and never keeps the process alive. */
export const startCompiler = (): void => {
  if (compiler !== null && Atomics.load(compiler.flags, STATE) === DEAD) compiler = null;
  compiler ??= start();
};

/** A worker that will not end before it has answered. */
const claim = (): Compiler => {
  startCompiler();
  if (compiler !== null && Atomics.compareExchange(compiler.flags, STATE, IDLE, CLAIMED) === DEAD)
    startCompiler();
  const claimed = compiler ?? internal("the compile worker did not start");
  Atomics.compareExchange(claimed.flags, STATE, IDLE, CLAIMED);
  return claimed;
};

/** Compiles in the worker while this thread waits. Throws an internal diagnostic if it fails, dies or takes too long. */
export const compileSync = (
  program: KernelProgram,
  profile: Profile,
  options: { readonly wat: boolean } = { wat: false },
): Compiled => {
  const { port, flags } = claim();
  const request: CompileRequest = { program, profile, wat: options.wat };
  const seen = Atomics.load(flags, ANSWERS);
  port.postMessage(request);
  const outcome = Atomics.wait(flags, ANSWERS, seen, TIMEOUT_MS);
  Atomics.compareExchange(flags, STATE, CLAIMED, IDLE);
  const received = receiveMessageOnPort(port) as { readonly message: CompileAnswer } | undefined;
  if (received === undefined) {
    stopCompiler();
    return internal(
      outcome === "timed-out"
        ? `compiling ${program.name} took more than ${TIMEOUT_MS / 1000} s`
        : `the compile worker ended while it compiled ${program.name}`,
    );
  }
  const answer = received.message;
  if (!answer.ok) return internal(`compiling ${program.name} failed: ${answer.error}`);
  const { wasm, wat, ms } = answer;
  return wat === undefined ? { wasm, ms } : { wasm, wat, ms };
};

/** Ends the worker; the next compilation starts another. */
export const stopCompiler = (): void => {
  void compiler?.worker.terminate();
  compiler = null;
};
