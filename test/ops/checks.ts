/** Comparisons of arrays, and derivative checks of whole functions in f64. */
import assert from "node:assert/strict";
import { jvpFunction } from "../../autodiff/jvp.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { type IrFunction, isFloat, sizeOf, typeText, type Var } from "../../compiler/ir/types.js";
import { at, ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { interpret } from "../../runtime/interpret.js";
import { rngFrom } from "./samplers.js";

/** Same type, and every element the same value: NaN equals NaN, -0 differs from 0. */
export const assertSame = (got: NdArray | undefined, wanted: NdArray, what: string): void => {
  assert.ok(got !== undefined, `${what}: no value`);
  assert.equal(typeText(got), typeText(wanted), what);
  wanted.data.forEach((w, k) => {
    const g = at(got.data, k);
    assert.ok(Object.is(g, w), `${what}: element ${k} is ${g}, not ${w}`);
  });
};

/** The only result of a function. */
export const run = (fn: IrFunction, args: readonly NdArray[]): NdArray => {
  const [out] = interpret(fn, args);
  assert.ok(out !== undefined);
  return out;
};

/** Random directions in [-1, 1) for operands; integers and bools get an array of zeros. */
export const directions = (like: readonly NdArray[], seed: number): readonly NdArray[] => {
  const rng = rngFrom(seed);
  return like.map((x) =>
    ndarray(
      x.dtype,
      x.shape,
      Array.from({ length: x.data.length }, () => (isFloat(x.dtype) ? 2 * rng() - 1 : 0)),
    ),
  );
};

/** x + h d on the active operands. */
const step = (
  xs: readonly NdArray[],
  ds: readonly NdArray[],
  active: readonly boolean[],
  h: number,
): readonly NdArray[] =>
  xs.map((x, k) => {
    const d = ds[k];
    if (active[k] !== true || d === undefined) return x;
    return ndarray(
      x.dtype,
      x.shape,
      Array.from(x.data, (v, i) => v + h * at(d.data, i)),
    );
  });

/** Step of the differences: a power of two, so that halving it is exact. */
const H = 2 ** -10;
/** Unit roundoff of f64, doubled. */
const EPS = 2 ** -52;

/**
 * Forward mode against central differences D(h) = (f(x + hd) - f(x - hd)) / 2h = f' + c h^2 + O(h^4).
 * Compared with (4 D(h/2) - D(h)) / 3, whose error is O(h^4). Tolerance: the h^2 term itself as the differences show it,
 * |D(h) - D(h/2)| (h^2 times larger than what is left), plus the rounding of the evaluations, each at most 64 roundings of
 * |f| + |f'|, over h. That the h^2 term is small is asserted too, so that a kink can't widen the tolerance.
 */
export const assertJvp = (
  fn: IrFunction,
  xs: readonly NdArray[],
  active: readonly boolean[],
  seed: number,
  what: string,
): void => {
  const ds = directions(xs, seed);
  const jvp = jvpFunction(fn, active);
  const results = interpret(jvp.fn, [...xs, ...ds.filter((_, k) => active[k] === true)]);
  const values = results.slice(0, fn.results.length);
  const tangents = results.slice(fn.results.length);
  const at2 = (h: number): readonly NdArray[] => interpret(fn, step(xs, ds, active, h));
  const [far1, far0, near1, near0] = [at2(H), at2(-H), at2(H / 2), at2(-H / 2)];
  let next = 0;
  values.forEach((value, r) => {
    const tangent = jvp.tangentOuts[r] === true ? tangents[next++] : undefined;
    if (!isFloat(value.dtype)) return;
    value.data.forEach((v, k) => {
      const difference = (p: readonly NdArray[], q: readonly NdArray[], h: number): number => {
        const [fp, fq] = [at(p[r]?.data ?? [], k), at(q[r]?.data ?? [], k)];
        return fp === fq ? 0 : (fp - fq) / (2 * h); // equal infinities (the maximum of nothing) don't differ
      };
      const far = difference(far1, far0, H);
      const near = difference(near1, near0, H / 2);
      const wanted = (4 * near - far) / 3;
      const got = tangent === undefined ? 0 : at(tangent.data, k);
      const curvature = Math.abs(far - near);
      const scale = (Number.isFinite(v) ? Math.abs(v) : 0) + Math.abs(wanted) + 1;
      assert.ok(curvature <= 2 ** -10 * scale, `${what}: not smooth at element ${k}: ${far}, ${near}`);
      const tolerance = curvature + (64 * EPS * scale) / H;
      assert.ok(
        Math.abs(got - wanted) <= tolerance,
        `${what}: tangent ${k} is ${got}, differences give ${wanted} (tolerance ${tolerance})`,
      );
    });
  });
};

const inner = (p: NdArray, q: NdArray): { readonly sum: number; readonly size: number } => {
  const terms = Array.from(p.data, (v, k) => v * at(q.data, k));
  return { sum: terms.reduce((s, t) => s + t, 0), size: terms.reduce((s, t) => s + Math.abs(t), 0) };
};

/**
 * Reverse mode against forward mode: <ct, J t> = <J^T ct, t>. Both sides sum the same products in another order, so they
 * differ by some thousand roundings (4096 bounds terms times depth here) of the sums of the terms' magnitudes.
 */
export const assertTranspose = (
  fn: IrFunction,
  xs: readonly NdArray[],
  active: readonly boolean[],
  seed: number,
  what: string,
): void => {
  const ts = directions(xs, seed);
  const jvp = jvpFunction(fn, active);
  const forward = interpret(jvp.fn, [...xs, ...ts.filter((_, k) => active[k] === true)]);
  const floatResults = forward.slice(0, fn.results.length).filter((v) => isFloat(v.dtype));
  const cts = directions(floatResults, seed + 1);
  const backward = interpret(vjpFunction(fn, active).fn, [...xs, ...cts]).slice(fn.results.length);

  let [left, leftSize] = [0, 0];
  let next = fn.results.length;
  let ctNext = 0;
  fn.results.forEach((v, r) => {
    const ct = isFloat(v.type.dtype) ? cts[ctNext++] : undefined;
    const t = jvp.tangentOuts[r] === true ? forward[next++] : undefined;
    if (ct === undefined || t === undefined) return;
    const { sum, size } = inner(ct, t);
    left += sum;
    leftSize += size;
  });
  let [right, rightSize] = [0, 0];
  const wanted = ts.filter((_, k) => active[k] === true);
  assert.equal(backward.length, wanted.length, what);
  wanted.forEach((t, k) => {
    const back = backward[k];
    assert.ok(back !== undefined);
    assert.equal(typeText(back), typeText(t), `${what}: type of cotangent ${k}`);
    const { sum, size } = inner(back, t);
    right += sum;
    rightSize += size;
  });
  const tolerance = 4096 * EPS * (leftSize + rightSize);
  assert.ok(
    Math.abs(left - right) <= tolerance,
    `${what}: <ct, J t> = ${left}, <J^T ct, t> = ${right} (tolerance ${tolerance})`,
  );
};

/** Zeros of the values' types. */
export const zerosOf = (vars: readonly Var[]): readonly NdArray[] =>
  vars.map(({ type }) => ndarray(type.dtype, type.shape, new Array<number>(sizeOf(type.shape)).fill(0)));

/**
 * The derivative is a function of primals and seeds, whose own derivatives are checked like any function's: forward and
 * reverse mode of forward mode, and of reverse mode.
 */
export const assertSecondOrder = (
  fn: IrFunction,
  xs: readonly NdArray[],
  active: readonly boolean[],
  seed: number,
  what: string,
): void => {
  const derivatives = { jvp: jvpFunction(fn, active).fn, vjp: vjpFunction(fn, active).fn };
  for (const [name, derivative] of Object.entries(derivatives)) {
    const seeds = derivative.params.slice(fn.params.length);
    const all = [...xs, ...directions(zerosOf(seeds), seed)];
    const every = [...active, ...seeds.map(() => true)];
    assertJvp(derivative, all, every, seed + 1, `${name} of ${what}`);
    assertTranspose(derivative, all, every, seed + 2, `${name} of ${what}`);
  }
};

/**
 * Reverse mode against differences, without forward mode: <J^T ct, t> is the derivative of <ct, f> along t. The same
 * differences and tolerance as for `assertJvp`.
 */
export const assertReverse = (
  fn: IrFunction,
  xs: readonly NdArray[],
  active: readonly boolean[],
  seed: number,
  what: string,
): void => {
  const ts = directions(xs, seed);
  const values = interpret(fn, xs);
  const floats = values.filter((v) => isFloat(v.dtype));
  const cts = directions(floats, seed + 1);
  const back = interpret(vjpFunction(fn, active).fn, [...xs, ...cts]).slice(fn.results.length);
  const along = ts.filter((_, k) => active[k] === true);
  const terms = back.map((g, k) => inner(g, along[k] ?? g));
  const got = terms.reduce((sum, t) => sum + t.sum, 0);
  const loss = (h: number): { readonly sum: number; readonly size: number } => {
    const results = interpret(fn, step(xs, ts, active, h)).filter((v) => isFloat(v.dtype));
    const products = results.map((v, k) => inner(v, cts[k] ?? v));
    return {
      sum: products.reduce((sum, t) => sum + t.sum, 0),
      size: products.reduce((sum, t) => sum + t.size, 0),
    };
  };
  const slope = (h: number): number => (loss(h).sum - loss(-h).sum) / (2 * h);
  const [far, near] = [slope(H), slope(H / 2)];
  const wanted = (4 * near - far) / 3;
  const curvature = Math.abs(far - near);
  const scale = loss(0).size + Math.abs(wanted) + 1;
  assert.ok(curvature <= 2 ** -10 * scale, `${what}: not smooth: ${far}, ${near}`);
  const tolerance = curvature + (64 * EPS * scale) / H;
  assert.ok(
    Math.abs(got - wanted) <= tolerance,
    `${what}: <J^T ct, t> = ${got}, differences give ${wanted} (tolerance ${tolerance})`,
  );
};

/** Every non-empty choice among the operands that satisfy `allowed`, at most eight. */
export const choices = (allowed: readonly boolean[]): readonly (readonly boolean[])[] => {
  const free = allowed.flatMap((ok, k) => (ok ? [k] : []));
  const masks = Array.from({ length: 2 ** free.length - 1 }, (_, m) => m + 1);
  const kept = masks.length <= 8 ? masks : [1, 2, 4, 3, 5, 6, 7, 2 ** free.length - 1];
  return kept.map((m) => allowed.map((_, k) => free.includes(k) && ((m >> free.indexOf(k)) & 1) === 1));
};

/** Elements of one example of an array whose axis 0 is the batch. */
export const example = (x: NdArray, index: number): NdArray => {
  const shape = x.shape.slice(1);
  const size = sizeOf(shape);
  return ndarray(x.dtype, shape, x.data.slice(index * size, (index + 1) * size));
};

/** Examples as one array with a leading axis. */
export const stack = (xs: readonly NdArray[]): NdArray => {
  const [first] = xs;
  assert.ok(first !== undefined);
  const values = xs.flatMap((x) => Array.from(x.data));
  return ndarray(first.dtype, [xs.length, ...first.shape], values);
};
