/**
 * Gradients of a program, of first and second order: against differences where these are to be trusted, in every combination
 * of forward and reverse mode, after the passes, in kernels and in WASM.
 */
import { gradFunction, valueAndGradFunction } from "../../autodiff/grad.js";
import { jvpFunction } from "../../autodiff/jvp.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { type IrFunction, isFloat, type Var } from "../../compiler/ir/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { dotAll, largest, randomLike } from "../properties/calculus.js";
import { allFinite, tryInterpret } from "../properties/compare.js";
import { Fault } from "./fault.js";
import { NO_SLOPES, requireSlope, type Slopes, sumOfSlopes } from "./slopes.js";
import { at, checkLowered, isTame, requireBits, showAll, transformed } from "./transforms.js";

/** The weighted sum of all float results: a number that depends on each. */
const lossOf = (fn: IrFunction): IrFunction | null => {
  const b = createBuilder();
  const params = fn.params.map((p) => b.param(p.type));
  const results = b.inline(fn, params).filter((v) => v.type.dtype === "f64");
  const terms = results.map((v, k): Var => {
    const total = b.reduceSum(
      v,
      v.type.shape.map((_, axis) => axis),
    );
    return b.mul(total, b.scalar(1 - 0.3 * k, "f64"));
  });
  const [first, ...rest] = terms;
  if (first === undefined) return null;
  return b.finish("loss", [rest.reduce((sum, t) => b.add(sum, t), first)]);
};

/** args + h tangents, on the active ones. */
const moved = (
  args: readonly NdArray[],
  tangents: readonly NdArray[],
  active: readonly boolean[],
  h: number,
): readonly NdArray[] => {
  let t = 0;
  return args.map((x, k) => {
    if (active[k] !== true) return x;
    const dx = tangents[t++];
    return ndarray(
      x.dtype,
      x.shape,
      Array.from(x.data, (n, i) => n + h * (dx?.data[i] ?? 0)),
    );
  });
};

/** Relative to the largest number of those compared, each of which went through some hundred operations. */
const TOLERANCE = 1e-9;
const requireNear = (
  where: string,
  got: readonly NdArray[],
  wanted: readonly NdArray[],
  scale: number,
): void => {
  const same = wanted.every((w, k) =>
    w.data.every(
      (x: number, i: number) => Math.abs(x - (got[k]?.data[i] ?? Number.NaN)) <= TOLERANCE * scale,
    ),
  );
  if (!same) throw new Fault(`${where} differs`, `   gives ${showAll(got)}\n  wanted ${showAll(wanted)}`);
};

const zeros = (like: readonly NdArray[]): readonly NdArray[] =>
  like.map((x) => ({ ...x, data: Float64Array.from(x.data, () => 0) }));

const checkAt = (
  loss: IrFunction,
  active: readonly boolean[],
  given: readonly NdArray[],
  lowered: boolean,
): Slopes => {
  const args = given.map((x, k) => (active[k] === true ? at(x, k) : x));
  const value = tryInterpret(loss, args);
  if (value === null || !value.every(allFinite) || !value.every(isTame)) return NO_SLOPES;
  const tangents = args.filter((_, k) => active[k] === true).map(randomLike);
  const where = (): string => `at ${showAll(args)} along ${showAll(tangents)}`;
  const run = (name: string, fn: IrFunction, inputs: readonly NdArray[]): readonly NdArray[] => {
    const results = tryInterpret(fn, inputs);
    if (results === null)
      throw new Fault(`${name} throws`, "an index is out of range only in the derivative");
    return results;
  };

  const both = transformed("valueAndGrad", () => valueAndGradFunction(loss, active));
  const grad = transformed("grad", () => gradFunction(loss, active));
  const [got, ...grads] = run("valueAndGrad", both, args);
  requireBits("valueAndGrad's value", got === undefined ? [] : [got], value);
  requireBits("grad", run("grad", grad, args), grads);
  const forward = transformed("jvp", () => jvpFunction(loss, active).fn);
  const [, tangent] = run("jvp", forward, [...args, ...tangents]);
  const slope = tangent ?? zeros(value)[0];
  if (slope === undefined) return NO_SLOPES;
  const along = (h: number) => tryInterpret(loss, moved(args, tangents, active, h));
  if (![slope, ...grads].every(allFinite)) return requireSlope("jvp, not a number,", along, [slope], where);
  if (![slope, ...grads].every(isTame)) return NO_SLOPES;
  const product = ndarray("f64", [], [dotAll(grads, tangents)]);
  requireNear("<grad, dx>, which is the tangent,", [product], [slope], largest([slope, ...grads]));
  const first = requireSlope("jvp", along, [slope], where);
  if (lowered) checkLowered("grad", grad, args, grads);
  return sumOfSlopes([first, checkSecond(loss, grad, active, args, tangents, lowered, run)]);
};

/** H dx in three ways. */
const checkSecond = (
  loss: IrFunction,
  grad: IrFunction,
  active: readonly boolean[],
  args: readonly NdArray[],
  tangents: readonly NdArray[],
  lowered: boolean,
  run: (name: string, fn: IrFunction, inputs: readonly NdArray[]) => readonly NdArray[],
): Slopes => {
  const grads = run("grad", grad, args);
  const { fn: overForward, tangentOuts } = jvpFunction(grad, active);
  const pushed = run(
    "jvp of grad",
    transformed("jvp of grad", () => overForward),
    [...args, ...tangents],
  );
  let next = grads.length;
  const product = grads.map(
    (g, k) => (tangentOuts[k] === true ? pushed[next++] : undefined) ?? zeros([g])[0] ?? g,
  );
  const where = (): string => `at ${showAll(args)} along ${showAll(tangents)}`;
  const reverse = transformed("grad of grad", () => vjpFunction(grad, active).fn);
  const pulled = run("grad of grad", reverse, [...args, ...tangents]).slice(grads.length);
  if (![...product, ...pulled].every(allFinite)) return NO_SLOPES;
  if (![...product, ...pulled].every(isTame)) return NO_SLOPES;
  const scale = largest([...product, ...pulled, ...grads]);
  requireNear("grad of grad against jvp of grad", pulled, product, scale);
  const { fn: forward, tangentOuts: moves } = jvpFunction(loss, active);
  if (moves[0] === true) {
    const along: IrFunction = { ...forward, results: forward.results.slice(1) };
    const wanted = along.params.map((_, k) => active[k] === true);
    const ofForward = transformed("grad of jvp", () => gradFunction(along, wanted));
    const mixed = run("grad of jvp", ofForward, [...args, ...tangents]);
    if (mixed.every(allFinite)) requireNear("grad of jvp against jvp of grad", mixed, product, scale);
  }
  const slopes = requireSlope(
    "jvp of grad",
    (h) => tryInterpret(grad, moved(args, tangents, active, h)),
    product,
    where,
  );
  if (!lowered) return slopes;
  checkLowered("grad of grad", reverse, [...args, ...tangents], [...grads, ...pulled]);
  checkLowered("jvp of grad", overForward, [...args, ...tangents], pushed);
  return slopes;
};

/** @param lowered whether the derivatives are also run after the passes and in kernels, at the first of the arguments */
export const checkGradients = (
  fn: IrFunction,
  runs: readonly (readonly NdArray[])[],
  lowered: boolean,
): Slopes => {
  const loss = lossOf(fn);
  const active = fn.params.map((p) => isFloat(p.type.dtype));
  if (loss === null || !active.includes(true)) return NO_SLOPES;
  return sumOfSlopes(runs.map((args, k) => checkAt(loss, active, args, lowered && k === 0)));
};
