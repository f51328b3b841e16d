/** What the main thread and the compile worker say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { KernelProgram, Profile } from "../../kernel/types.js";

/** Handed over when the worker starts. */
export interface WorkerSetup {
  readonly port: MessagePort;
  /** Int32: [answers and deaths so far, state]. */
  readonly signals: SharedArrayBuffer;
}
export const ANSWERS = 0;
export const STATE = 1;
/**
 * States. The main thread goes from IDLE to CLAIMED before it asks and back when it has its answer; the worker goes from
 * IDLE to DEAD when it has had nothing to do for a while. Both by compare-and-exchange, so that no request is lost.
 */
export const IDLE = 0;
export const CLAIMED = 1;
export const DEAD = 2;

export interface CompileRequest {
  readonly program: KernelProgram;
  readonly profile: Profile;
  readonly wat: boolean;
}
export type CompileAnswer =
  /** `ms`: time spent compiling, without waiting for Binaryen to load. */
  | { readonly ok: true; readonly wasm: Uint8Array; readonly wat?: string; readonly ms: number }
  | { readonly ok: false; readonly error: string };
