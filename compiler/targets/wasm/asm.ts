/** A WASM function under construction over a Binaryen module: typed locals, pooled vector constants, relaxed SIMD. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { RegType } from "../../kernel/types.js";

export type Expr = binaryen.ExpressionRef;
export type WasmType = binaryen.Type;
export type Local = number;
/** Elements per vector: 4 where every register is 32 bits wide; 2 where a 64-bit one takes part (32-bit values then lie in the low lanes). */
export type Lanes = 2 | 4;

// The relaxed-SIMD builders exist in the library but not in its declarations.
const raw = binaryen as unknown as {
  _BinaryenSIMDTernary(module: number, op: number, a: Expr, b: Expr, c: Expr): Expr;
};

/** One function being emitted. `head` runs once at entry: base addresses, constants. */
export interface Fn {
  readonly m: binaryen.Module;
  /** Whether relaxed SIMD's fused multiply-add may be used. */
  readonly fma: boolean;
  readonly name: string;
  /** Types of all locals, parameters first. */
  readonly types: WasmType[];
  readonly params: number;
  readonly head: Expr[];
  readonly pool: Map<string, Local>;
  /** Numbers labels. */
  labels: number;
}

export const newFn = (m: binaryen.Module, fma: boolean, name: string, params: readonly WasmType[]): Fn => ({
  m,
  fma,
  name,
  types: [...params],
  params: params.length,
  head: [],
  pool: new Map(),
  labels: 0,
});

/** Engines refuse functions with more. */
const MAX_LOCALS = 50_000;

/** Adds the finished function to the module. */
export const finishFn = (fn: Fn, result: WasmType, body: readonly Expr[]): void => {
  if (fn.types.length > MAX_LOCALS)
    internal(
      `kernel ${fn.name} is too large: it needs ${fn.types.length} locals, and engines allow ${MAX_LOCALS}`,
    );
  const params = binaryen.createType(fn.types.slice(0, fn.params));
  const code = fn.m.block(null, [...fn.head, ...body], result);
  fn.m.addFunction(fn.name, params, result, fn.types.slice(fn.params), code);
};

/** Pushes all of `items`: unlike a call with them as arguments, however many they are. */
export const append = (out: Expr[], items: readonly Expr[]): void => {
  for (const item of items) out.push(item);
};

export const newLocal = (fn: Fn, type: WasmType): Local => fn.types.push(type) - 1;
export const newLabel = (fn: Fn, prefix: string): string => `${prefix}${fn.labels++}`;

const typeOfLocal = (fn: Fn, local: Local): WasmType =>
  fn.types[local] ?? internal(`local ${local} of ${fn.name} does not exist`);
export const get = (fn: Fn, local: Local): Expr => fn.m.local.get(local, typeOfLocal(fn, local));
export const set = (fn: Fn, local: Local, value: Expr): Expr => fn.m.local.set(local, value);
export const tee = (fn: Fn, local: Local, value: Expr): Expr =>
  fn.m.local.tee(local, value, typeOfLocal(fn, local));

/** Binds operands to locals, so that `body` may read operand k as often as it likes. */
export const bind = (
  fn: Fn,
  operands: readonly { readonly type: WasmType; readonly value: Expr }[],
  result: WasmType,
  body: (read: (k: number) => Expr) => Expr,
): Expr => {
  const first = fn.types.length;
  for (const { type } of operands) newLocal(fn, type);
  const sets = operands.map(({ value }, k) => set(fn, first + k, value));
  const read = (k: number): Expr => get(fn, first + k);
  return fn.m.block(null, [...sets, body(read)], result);
};

export const i32 = (fn: Fn, value: number): Expr => fn.m.i32.const(value | 0);

/** base + constant, without an addition of zero. */
export const addConst = (fn: Fn, base: Expr, constant: number): Expr =>
  constant === 0 ? base : fn.m.i32.add(base, i32(fn, constant));

const WASM_TYPES: Readonly<Record<RegType, WasmType>> = {
  f32: binaryen.f32,
  f64: binaryen.f64,
  i32: binaryen.i32,
  u32: binaryen.i32,
  bool: binaryen.i32,
  i64: binaryen.i64,
};
/** WASM type of a scalar register. */
export const wasmType = (type: RegType): WasmType => WASM_TYPES[type];

export const is64 = (type: RegType): boolean => type === "f64" || type === "i64";

/** For telling -0 from 0 and one NaN from another. */
const f64Bits = new DataView(new ArrayBuffer(8));

export const scalarConst = (fn: Fn, type: RegType, value: number | bigint): Expr => {
  switch (type) {
    case "f32":
      return fn.m.f32.const(Number(value));
    case "f64":
      return fn.m.f64.const(Number(value));
    case "i64":
      return fn.m.i64.const(BigInt.asIntN(64, BigInt(value)));
    case "bool":
      return i32(fn, Number(value) === 0 ? 0 : 1);
    case "i32":
    case "u32":
      return i32(fn, Number(value));
  }
};

/** Splats a scalar expression; a bool becomes a mask of all ones or zeros per lane. */
export const splat = (fn: Fn, type: RegType, lanes: Lanes, value: Expr): Expr => {
  const { m } = fn;
  switch (type) {
    case "f32":
      return m.f32x4.splat(value);
    case "f64":
      return m.f64x2.splat(value);
    case "i64":
      return m.i64x2.splat(value);
    case "i32":
    case "u32":
      return m.i32x4.splat(value);
    case "bool":
      return lanes === 4
        ? m.i32x4.splat(m.i32.sub(i32(fn, 0), value))
        : m.i64x2.splat(m.i64.extend_s(m.i32.sub(i32(fn, 0), value)));
  }
};

const bitsKey = (type: RegType, value: number | bigint): string => {
  if (typeof value === "bigint") return value.toString();
  if (type === "bool") return String(value === 0 ? 0 : 1);
  f64Bits.setFloat64(0, value);
  return f64Bits.getBigUint64(0).toString(16);
};

/** A splat constant, kept in a local that is set once at function entry: engines rebuild constants inside loops. */
export const vectorConst = (fn: Fn, type: RegType, lanes: Lanes, value: number | bigint): Expr => {
  const key = `${type}x${lanes}:${bitsKey(type, value)}`;
  return pooled(fn, key, () => splat(fn, type, lanes, scalarConst(fn, type, value)));
};

/** (0, 1, .., lanes - 1) as i32 lanes, plus `first`. */
export const iotaConst = (fn: Fn, first: number): Expr =>
  pooled(fn, `iota:${first}`, () => {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    for (let k = 0; k < 4; k++) view.setInt32(4 * k, first + k, true);
    return fn.m.v128.const(bytes);
  });

/** Ones in the first `active` lanes of `width` bytes each. */
export const activeMask = (fn: Fn, width: number, active: number): Expr =>
  pooled(fn, `active:${width}:${active}`, () => {
    const bytes = new Uint8Array(16);
    bytes.fill(0xff, 0, width * active);
    return fn.m.v128.const(bytes);
  });

const pooledLocal = (fn: Fn, type: WasmType, key: string, make: () => Expr): Local => {
  const known = fn.pool.get(key);
  if (known !== undefined) return known;
  const local = newLocal(fn, type);
  fn.pool.set(key, local);
  fn.head.push(set(fn, local, make()));
  return local;
};
const pooled = (fn: Fn, key: string, make: () => Expr): Expr =>
  get(fn, pooledLocal(fn, binaryen.v128, key, make));

/** A local that holds another's value (set at function entry) plus a constant. */
export const offsetLocal = (fn: Fn, local: Local, bytes: number): Local =>
  bytes === 0
    ? local
    : pooledLocal(fn, binaryen.i32, `address:${local}+${bytes}`, () => addConst(fn, get(fn, local), bytes));

/** a*b + c in vectors: one rounding where the profile has it, else two. */
export const multiplyAdd = (fn: Fn, type: "f32" | "f64", a: Expr, b: Expr, c: Expr): Expr => {
  const { m } = fn;
  if (fn.fma) {
    const op = type === "f32" ? binaryen.RelaxedMaddVecF32x4 : binaryen.RelaxedMaddVecF64x2;
    return raw._BinaryenSIMDTernary(m.ptr, op, a, b, c);
  }
  const shape = type === "f32" ? m.f32x4 : m.f64x2;
  return shape.add(shape.mul(a, b), c);
};
