/** Derivatives and batches of a program: forward against reverse mode and finite differences, a batch against a loop. */
import { jvpFunction } from "../../autodiff/jvp.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import { printFunction } from "../../compiler/ir/print.js";
import { type IrFunction, isFloat } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { interpretProgram } from "../../compiler/kernel/interpret.js";
import { lowerProgram } from "../../compiler/kernel/lower.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { dotAll, largest, loopOverBatch, randomLike, stackBatch } from "../properties/calculus.js";
import { allFinite, sameBits, tryInterpret } from "../properties/compare.js";
import { Fault } from "./fault.js";
import { requireSlope } from "./slopes.js";
import { show } from "./values.js";

export const showAll = (xs: readonly NdArray[]): string => xs.map((x) => show(Array.from(x.data))).join("; ");

export const requireBits = (where: string, got: readonly NdArray[], wanted: readonly NdArray[]): void => {
  if (got.length !== wanted.length || !got.every((x, k) => wanted[k] !== undefined && sameBits(x, wanted[k])))
    throw new Fault(`${where} differs`, `   gives ${showAll(got)}\n  wanted ${showAll(wanted)}`);
};

export const transformed = (where: string, make: () => IrFunction): IrFunction => {
  try {
    return verify(make());
  } catch (e) {
    throw new Fault(`${where} throws`, e instanceof Error ? (e.stack ?? e.message) : String(e));
  }
};

/** The program after the passes, and lowered: both give the bits of the program as it is. */
export const checkLowered = (
  where: string,
  fn: IrFunction,
  args: readonly NdArray[],
  wanted: readonly NdArray[],
): void => {
  const { fn: short } = runPasses(fn);
  const got = tryInterpret(verify(short), args);
  if (got !== null) requireBits(`${where} after the passes`, got, wanted);
  const data = interpretProgram(
    lowerProgram(short, { strict: true }),
    args.map((x) => x.data),
  );
  const lowered = short.results.map(({ type }, k) =>
    ndarray(type.dtype, type.shape, Array.from(data[k] ?? [])),
  );
  requireBits(`${where} in kernels`, lowered, wanted);
};

/** Numbers of a size at which rounding errors stay small against the tolerance. */
export const isTame = (x: NdArray): boolean => x.data.every((n) => Math.abs(n) < 1e6);

/** Relative to the largest term of the inner product, whose factors went through some hundred operations each. */
const INNER_TOLERANCE = 1e-9;
/** The same where numbers are rounded to f32 on the way: 2^-24 in each of them. */
const SINGLE_TOLERANCE = 1e-4;

const hasSingles = (fn: IrFunction): boolean => printFunction(fn).includes(":f32[");

/** Literals that leave nothing of the digits of a small number, or make steps of any small interval. */
const LARGE = 100;
const COARSE = /1e\+?300|10000000000|2147483648|5e-324/;

export const at = (x: NdArray, k: number): NdArray =>
  ndarray(
    x.dtype,
    x.shape,
    Array.from(x.data, (n, i) => n + 0.137 * (k + 1) + 0.0613 * i),
  );

const checkDerivatives = (fn: IrFunction, source: string, given: readonly NdArray[]): void => {
  const active = fn.params.map((p) => isFloat(p.type.dtype));
  if (!active.includes(true)) return;
  // Away from whole numbers, where comparisons and steps have their edges.
  const args = given.map((x, k) => (active[k] === true ? at(x, k) : x));
  const wanted = tryInterpret(fn, args);
  if (wanted === null || !wanted.every(allFinite)) return;
  const tangents = args.filter((_, k) => active[k] === true).map(randomLike);
  const { fn: forward, tangentOuts } = jvpFunction(fn, active);
  verify(forward);
  const both = tryInterpret(forward, [...args, ...tangents]);
  if (both === null) throw new Fault("jvp throws", "an index is out of range only in the derivative");
  requireBits("jvp's primal result", both.slice(0, wanted.length), wanted);
  let next = wanted.length;
  const pushed = wanted.map((y, k) => {
    const given = tangentOuts[k] === true ? both[next++] : undefined;
    return (
      given ??
      ndarray(
        isFloat(y.dtype) ? y.dtype : "f64",
        y.shape,
        Array.from(y.data, () => 0),
      )
    );
  });
  if (!pushed.every(isTame) || !wanted.every(isTame)) return;
  checkLowered("jvp", forward, [...args, ...tangents], both);
  checkReverse(fn, active, args, tangents, wanted, pushed);
  if (COARSE.test(source) || hasSingles(fn) || largest(args) > LARGE) return;
  const step = (h: number): readonly NdArray[] | null => {
    let t = 0;
    const moved = args.map((x, k) => {
      if (active[k] !== true) return x;
      const dx = tangents[t++];
      return ndarray(
        x.dtype,
        x.shape,
        Array.from(x.data, (n, i) => n + h * (dx?.data[i] ?? 0)),
      );
    });
    return tryInterpret(fn, moved);
  };
  requireSlope("jvp", step, pushed, () => `at ${showAll(args)} along ${showAll(tangents)}`);
};

const checkReverse = (
  fn: IrFunction,
  active: readonly boolean[],
  args: readonly NdArray[],
  tangents: readonly NdArray[],
  wanted: readonly NdArray[],
  pushed: readonly NdArray[],
): void => {
  const reverse = transformed("vjp", () => vjpFunction(fn, active).fn);
  const floats = wanted.flatMap((y, k) => (isFloat(y.dtype) ? [{ y, dy: pushed[k] ?? y }] : []));
  const cts = floats.map(({ y }) => randomLike(y));
  const results = tryInterpret(reverse, [...args, ...cts]);
  if (results === null) throw new Fault("vjp throws", "an index is out of range only in the derivative");
  requireBits("vjp's primal result", results.slice(0, wanted.length), wanted);
  const grads = results.slice(wanted.length);
  if (!grads.every(isTame)) return;
  const forward = floats.map(({ dy }) => dy);
  const [left, right] = [dotAll(cts, forward), dotAll(grads, tangents)];
  const scale = Math.max(largest(forward), largest(grads));
  const tolerance = hasSingles(fn) ? SINGLE_TOLERANCE : INNER_TOLERANCE;
  if (!(Math.abs(left - right) <= tolerance * scale))
    throw new Fault(
      "vjp is not the adjoint of jvp",
      `at ${showAll(args)}\n<ct, J dx> = ${left}, <J^T ct, dx> = ${right}\nJ dx = ${showAll(forward)}\nJ^T ct = ${showAll(grads)}`,
    );
  checkLowered("vjp", reverse, [...args, ...cts], results);
};

const checkBatch = (
  fn: IrFunction,
  runs: readonly (readonly NdArray[])[],
  batched: readonly boolean[],
): void => {
  const rowOf = (k: number): readonly NdArray[] =>
    fn.params.map((_, j) => {
      const x = runs[batched[j] === true ? k : 0]?.[j];
      if (x === undefined) throw new Error("an argument is missing");
      return x;
    });
  const rows = runs.map((_, k) => rowOf(k));
  const alone = rows.map((row) => tryInterpret(fn, row));
  if (alone.includes(null)) return;
  const wanted = loopOverBatch(runs.length, (k) => alone[k] ?? []);
  const mapped = transformed("vmap", () => vmapFunction(fn, batched, runs.length));
  const args = fn.params.map((_, j) => {
    const column = rows.flatMap((row) => row.slice(j, j + 1));
    const [first] = column;
    return batched[j] === true || first === undefined ? stackBatch(column) : first;
  });
  const got = tryInterpret(mapped, args);
  if (got === null) throw new Fault("vmap throws", "an index is out of range only in the batch");
  requireBits("vmap", got, wanted);
  checkLowered("vmap", mapped, args, wanted);
};

/** @param runs arguments for the parameters of `fn` */
export const checkTransforms = (
  fn: IrFunction,
  source: string,
  runs: readonly (readonly NdArray[])[],
): void => {
  for (const args of runs.slice(0, 3)) checkDerivatives(fn, source, args);
  checkBatch(
    fn,
    runs,
    fn.params.map(() => true),
  );
  checkBatch(
    fn,
    runs,
    fn.params.map((_, k) => k % 2 === 0),
  );
};
