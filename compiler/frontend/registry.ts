/**
 * Functions the compiler knows by identity: intrinsics, library functions and callables made by transforms.
 * Registering is what makes a callee recognisable under any name, import style or bundler rename.
 */
import type { TensorType } from "../ir/types.js";
import type { AnyFunction, Store } from "./types.js";

/** One entry per axis spec: an axis, null for not batched, or a tree of these. */
export type AxesSpec = number | null | readonly AxesSpec[] | { readonly [key: string]: AxesSpec };

interface DerivativeOptions {
  readonly argnums: number | readonly number[];
  readonly hasAux: boolean;
  /** What the user wrote, where that is another name. */
  readonly title?: "hessian";
}

export type Transform =
  | { readonly kind: "jit" }
  | (DerivativeOptions & { readonly kind: "grad" | "valueAndGrad" })
  | (DerivativeOptions & { readonly kind: "jacfwd" | "jacrev" })
  | { readonly kind: "vmap"; readonly inAxes: AxesSpec; readonly outAxes: AxesSpec };

export type FunctionMeta =
  /** Handled by name in the front end: primitives ("prim.add"), transforms themselves ("grad"), `tensor`, ... */
  | { readonly kind: "intrinsic"; readonly id: string }
  /** Written in the language: `fn` is inlined into compiled code; the callable itself compiles it once per shape. */
  | { readonly kind: "library"; readonly id: string; readonly fn: AnyFunction }
  /** A callable made by a transform of `fn`. */
  | { readonly kind: "transform"; readonly transform: Transform; readonly fn: AnyFunction };

const metas = new WeakMap<AnyFunction, FunctionMeta>();
const namespaces = new WeakMap<object, string>();

/** Makes `fn` known; returns it. */
export const register = <F extends AnyFunction>(fn: F, meta: FunctionMeta): F => {
  metas.set(fn, meta);
  return fn;
};

export const metaOf = (fn: AnyFunction): FunctionMeta | undefined => metas.get(fn);

/** Makes an object (np, nn, random) known as a namespace whose properties never change. */
export const registerNamespace = <T extends object>(id: string, object: T): T => {
  namespaces.set(object, id);
  return object;
};

export const namespaceOf = (object: object): string | undefined => namespaces.get(object);

/** How a captured value is staged; null for one that is no number or array. */
export type StagedReader = (value: unknown) => {
  readonly type: TensorType;
  readonly weak: boolean;
  readonly hostArray: boolean;
  readonly store: Store | null;
} | null;

const isNumber = (value: unknown): value is number => typeof value === "number";
let stagedReader: StagedReader = (value) =>
  isNumber(value) ? { type: { dtype: "f64", shape: [] }, weak: true, hostArray: false, store: null } : null;

/** The run time says what its arrays look like. Numbers are known without it. */
export const registerStagedReader = (read: StagedReader): void => {
  stagedReader = read;
};
export const readStaged: StagedReader = (value) => stagedReader(value);

let methods: Readonly<Record<string, AnyFunction>> = {};

/** The methods of staged values: library functions that take the value first (`x.sum(0)` is `np.sum(x, 0)`). */
export const registerTensorMethods = (table: Readonly<Record<string, AnyFunction>>): void => {
  methods = table;
};
export const tensorMethod = (name: string): AnyFunction | undefined =>
  Object.hasOwn(methods, name) ? methods[name] : undefined;
