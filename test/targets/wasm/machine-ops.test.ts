/** Every machine op on every register type: scalar rule = vector rule = the reference, on edge values of each type. */
import assert from "node:assert/strict";
import binaryen from "binaryen";
import { evalMachineOp, type Register } from "../../../compiler/kernel/machine.js";
import { MACHINE_OPS, type MachineOp, type RegType } from "../../../compiler/kernel/types.js";
import {
  type Expr,
  finishFn,
  get,
  is64,
  type Lanes,
  newFn,
  wasmType,
} from "../../../compiler/targets/wasm/asm.js";
import { extractLane, fromLanes } from "../../../compiler/targets/wasm/lanes.js";
import { SCALAR_RULES } from "../../../compiler/targets/wasm/scalar.js";
import { VECTOR_RULES } from "../../../compiler/targets/wasm/simd.js";

const TYPES: readonly RegType[] = ["f32", "f64", "i32", "u32", "i64", "bool"];
const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3.7,
  -1e-30,
  1e20,
  -1e20,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  1e300,
  Infinity,
  -Infinity,
  Number.NaN,
];
const VALUES: Readonly<Record<RegType, readonly Register[]>> = {
  f32: FLOATS.map(Math.fround),
  f64: FLOATS,
  i32: [0, 1, -1, 2, 7, -13, 31, 32, 33, 2 ** 31 - 1, -(2 ** 31)],
  u32: [0, 1, 2, 7, 31, 32, 33, 2 ** 31, 2 ** 32 - 1],
  i64: [
    0n,
    1n,
    -1n,
    5n,
    -77n,
    63n,
    64n,
    2n ** 31n,
    -(2n ** 31n),
    2n ** 40n + 3n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ],
  bool: [0, 1],
};

const FLOAT: readonly RegType[] = ["f32", "f64"];
const INTEGER: readonly RegType[] = ["i32", "u32"];
const NUMBER: readonly RegType[] = [...FLOAT, ...INTEGER, "i64"];

interface Signature {
  readonly types: readonly RegType[];
  readonly from: RegType;
  readonly to: RegType;
}
const same = (types: readonly RegType[], arity: number): Signature[] =>
  types.map((t) => ({ types: Array.from({ length: arity }, () => t), from: t, to: t }));
const comparing = TYPES.map((t): Signature => ({ types: [t, t], from: t, to: "bool" }));
const pairs = (list: readonly (readonly [RegType, RegType])[]): Signature[] =>
  list.map(([from, to]) => ({ types: [from], from, to }));

/** What lowering and math expansion may ask of each op. */
const SIGNATURES: Readonly<Record<MachineOp, readonly Signature[]>> = {
  add: same(NUMBER, 2),
  sub: same(NUMBER, 2),
  mul: same(NUMBER, 2),
  div: same([...FLOAT, ...INTEGER], 2),
  rem: same(INTEGER, 2),
  neg: same(NUMBER, 1),
  abs: same(NUMBER, 1),
  sqrt: same(FLOAT, 1),
  floor: same([...FLOAT, ...INTEGER], 1),
  ceil: same([...FLOAT, ...INTEGER], 1),
  trunc: same([...FLOAT, ...INTEGER], 1),
  nearest: same([...FLOAT, ...INTEGER], 1),
  min: same(TYPES, 2),
  max: same(TYPES, 2),
  and: same([...INTEGER, "i64", "bool"], 2),
  or: same([...INTEGER, "i64", "bool"], 2),
  xor: same([...INTEGER, "i64", "bool"], 2),
  not: same([...INTEGER, "i64", "bool"], 1),
  shl: same([...INTEGER, "i64"], 2),
  shr: same([...INTEGER, "i64"], 2),
  ushr: same([...INTEGER, "i64"], 2),
  clz32: same(INTEGER, 1),
  eq: comparing,
  ne: comparing,
  lt: comparing,
  le: comparing,
  gt: comparing,
  ge: comparing,
  select: TYPES.map((t) => ({ types: ["bool", t, t], from: t, to: t })),
  convert: pairs(TYPES.flatMap((from) => TYPES.map((to) => [from, to] as const))),
  bitcast: pairs([
    ["f32", "i32"],
    ["f32", "u32"],
    ["i32", "f32"],
    ["u32", "f32"],
    ["i32", "u32"],
    ["u32", "i32"],
    ["f64", "i64"],
    ["i64", "f64"],
  ]),
  fma: same(FLOAT, 3),
};

/** WASM's parameters and results: bool as i32, i64 as bigint. */
type Call = (...args: Register[]) => Register;

/** Which lanes a signature can run in: two only where a 64-bit type takes part, and there 32-bit values are in the low lanes. */
const laneCounts = (s: Signature): readonly Lanes[] => (s.types.some(is64) || is64(s.to) ? [2] : [2, 4]);

/**
 * Functions per signature: `scalar`, and per lane count and lane one that puts the operands into that lane (other lanes hold the
 * operands of a neighbouring call) and takes that lane of the result.
 */
const compileAll = (): WebAssembly.Exports => {
  const m = new binaryen.Module();
  m.setFeatures(binaryen.Features.SIMD128 | binaryen.Features.NontrappingFPToInt | binaryen.Features.SignExt);
  for (const op of MACHINE_OPS)
    for (const s of SIGNATURES[op]) {
      const params = s.types.map(wasmType);
      const scalar = newFn(m, false, nameOf(op, s, "scalar"), params);
      const args = s.types.map((_, k) => get(scalar, k));
      finishFn(scalar, wasmType(s.to), [SCALAR_RULES[op]({ fn: scalar, from: s.from, to: s.to }, args)]);
      m.addFunctionExport(scalar.name, scalar.name);
      for (const lanes of laneCounts(s))
        for (let lane = 0; lane < lanes; lane++)
          for (const uniform of isShift(op) ? [false, true] : [false]) {
            // parameters: the operands, then the other lanes' operands
            const fn = newFn(m, false, nameOf(op, s, `${lanes}.${lane}${uniform ? ".uniform" : ""}`), [
              ...params,
              ...params,
            ]);
            const vectors = s.types.map((type, k): Expr => {
              const scalars = Array.from({ length: lanes }, (_, l) =>
                get(fn, l === lane ? k : k + params.length),
              );
              return fromLanes(fn, type, lanes, scalars);
            });
            const call = {
              fn,
              lanes,
              types: s.types,
              from: s.from,
              to: s.to,
              uniformCount: uniform ? get(fn, 1) : null,
            };
            const result = VECTOR_RULES[op](call, uniform ? vectors.slice(0, 1) : vectors);
            finishFn(fn, wasmType(s.to), [extractLane(fn, s.to, lanes, result, lane)]);
            m.addFunctionExport(fn.name, fn.name);
          }
    }
  if (m.validate() === 0) throw new Error("invalid module");
  const bytes = m.emitBinary() as Uint8Array<ArrayBuffer>;
  m.dispose();
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
};
const isShift = (op: MachineOp): boolean => op === "shl" || op === "shr" || op === "ushr";
const nameOf = (op: MachineOp, s: Signature, form: string): string =>
  `${op}:${s.types.join()}->${s.to}:${form}`;

const combinations = (lists: readonly (readonly Register[])[]): Register[][] =>
  lists.reduce<Register[][]>((all, list) => all.flatMap((head) => list.map((x) => [...head, x])), [[]]);

const shown = (x: Register): string => (Object.is(x, -0) ? "-0" : String(x));
/** A u32 leaves WASM as a signed i32. */
const received = (x: Register, type: RegType): Register =>
  type === "u32" && typeof x === "number" ? x >>> 0 : x;

describe("machine ops", () => {
  let exports: WebAssembly.Exports = {};
  before(() => {
    exports = compileAll();
  });
  for (const op of MACHINE_OPS)
    it(op, () => {
      assert.ok(SIGNATURES[op].length > 0);
      for (const s of SIGNATURES[op]) {
        const inputs = combinations(s.types.map((t) => VALUES[t]));
        const forms = ["scalar"];
        for (const lanes of laneCounts(s))
          for (let lane = 0; lane < lanes; lane++)
            forms.push(`${lanes}.${lane}`, ...(isShift(op) ? [`${lanes}.${lane}.uniform`] : []));
        for (const form of forms) {
          const name = nameOf(op, s, form);
          const f = exports[name] as unknown as Call; // an exported function is a Function to TypeScript
          inputs.forEach((args, k) => {
            const others = inputs[(k + 1) % inputs.length] ?? args;
            const got = received(form === "scalar" ? f(...args) : f(...args, ...others), s.to);
            const wanted = evalMachineOp(op, s.to, s.from, args);
            const message = `${name} of ${args.map(shown)}: ${shown(got)}, not ${shown(wanted)}`;
            assert.ok(Object.is(got, wanted), message);
          });
        }
      }
    });
});
