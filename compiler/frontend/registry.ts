/**
 * Functions the compiler knows by identity: intrinsics, library functions and callables made by transforms.
 * Registering is what makes a callee recognisable under any name, import style or bundler rename.
 */
import type { AnyFunction } from "./types.js";

/** One entry per axis spec: an axis, null for not batched, or a tree of these. */
export type AxesSpec = number | null | readonly AxesSpec[] | { readonly [key: string]: AxesSpec };

export type Transform =
  | { readonly kind: "jit" }
  | { readonly kind: "grad" | "valueAndGrad"; readonly argnums: number | readonly number[]; readonly hasAux: boolean }
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
