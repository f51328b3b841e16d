/**
 * The rival libraries, loaded by name at run time: they are installed in `rivals/` on the first use of
 * `npm run bench`, so that the project itself type-checks and tests without them. Only what is used is typed.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(new URL("./rivals/", import.meta.url));

/** jax-js: each use of an array consumes a reference; `.ref` makes one more. */
export interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  add(x: JaxArray | number): JaxArray;
  sub(x: JaxArray | number): JaxArray;
  mul(x: JaxArray | number): JaxArray;
  dataSync(): Float32Array;
  blockUntilReady(): Promise<JaxArray>;
  dispose(): void;
}
export interface Jax {
  readonly init: (device: "wasm") => Promise<unknown>;
  readonly defaultDevice: (device: "wasm") => unknown;
  readonly jit: <A extends readonly unknown[], R>(f: (...args: A) => R) => (...args: A) => R;
  readonly valueAndGrad: <P, A extends readonly unknown[]>(
    f: (p: P, ...args: A) => JaxArray,
  ) => (p: P, ...args: A) => [JaxArray, P];
  readonly numpy: {
    readonly array: (data: Float32Array) => JaxArray;
    readonly dot: (a: JaxArray, b: JaxArray) => JaxArray;
    readonly tanh: (x: JaxArray) => JaxArray;
    readonly square: (x: JaxArray) => JaxArray;
    readonly sum: (x: JaxArray, axis?: number) => JaxArray;
    readonly mean: (x: JaxArray) => JaxArray;
  };
  readonly nn: {
    readonly logSoftmax: (x: JaxArray) => JaxArray;
    readonly relu: (x: JaxArray) => JaxArray;
  };
  readonly tree: { readonly ref: <T>(tree: T) => T };
}
export const loadJax = async (): Promise<Jax> => {
  const name = "@jax-js/jax";
  const jax = (await import(require.resolve(name))) as Jax;
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return jax;
};

export interface TfTensor {
  add(x: TfTensor | number): TfTensor;
  mul(x: TfTensor | number): TfTensor;
  neg(): TfTensor;
  tanh(): TfTensor;
  relu(): TfTensor;
  square(): TfTensor;
  sum(axis?: number): TfTensor;
  mean(): TfTensor;
  dataSync(): Float32Array;
  data(): Promise<Float32Array>;
  dispose(): void;
}
export interface Tf {
  readonly setBackend: (name: string) => Promise<boolean>;
  readonly ready: () => Promise<void>;
  readonly getBackend: () => string;
  readonly tensor: (data: Float32Array, shape: readonly number[]) => TfTensor;
  readonly variable: (x: TfTensor) => TfTensor;
  readonly matMul: (a: TfTensor, b: TfTensor) => TfTensor;
  readonly logSoftmax: (x: TfTensor) => TfTensor;
  readonly tidy: <T>(f: () => T) => T;
  readonly train: {
    readonly sgd: (rate: number) => { minimize(f: () => TfTensor, returnCost: boolean): TfTensor };
  };
}
export const loadTf = async (): Promise<Tf> => {
  const warn = console.warn;
  console.warn = () => {}; // it recommends its native package at every import
  const tf = require("@tensorflow/tfjs") as Tf;
  console.warn = warn;
  const backend = require("@tensorflow/tfjs-backend-wasm") as { setWasmPaths: (folder: string) => void };
  const main = require.resolve("@tensorflow/tfjs-backend-wasm");
  backend.setWasmPaths(join(dirname(main), "/"));
  await tf.setBackend("wasm");
  await tf.ready();
  if (tf.getBackend() !== "wasm") throw new Error(`TensorFlow.js runs on ${tf.getBackend()}, not wasm`);
  return tf;
};

/** A gpu.js kernel; `this.thread` and `this.constants` are known to its own compiler only. */
export type GpuKernel = ((...args: readonly unknown[]) => unknown) & {
  setOutput(size: readonly number[]): GpuKernel;
  setConstants(constants: Readonly<Record<string, number>>): GpuKernel;
  readonly kernel?: { readonly constructor: { readonly name: string } };
};
export interface Gpu {
  createKernel(source: string): GpuKernel;
}
export const loadGpu = (): Gpu => {
  const { GPU } = require("gpu.js") as { GPU: new (options: { mode: string }) => Gpu };
  return new GPU({ mode: "webasm" });
};
