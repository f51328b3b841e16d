/** What the main thread and the compile worker say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { KernelProgram, Profile } from "../../kernel/types.js";

/** Handed over when the worker starts. */
export interface WorkerSetup {
  readonly port: MessagePort;
  /** Int32: [answers and deaths so far, 1 once the worker has died]. */
  readonly signals: SharedArrayBuffer;
}
export const ANSWERS = 0;
export const DEAD = 1;

export interface CompileRequest {
  readonly program: KernelProgram;
  readonly profile: Profile;
  readonly wat: boolean;
}
export type CompileAnswer =
  /** `ms`: time spent compiling, without waiting for Binaryen to load. */
  | { readonly ok: true; readonly wasm: Uint8Array; readonly wat?: string; readonly ms: number }
  | { readonly ok: false; readonly error: string };
