/**
 * Every function of the library, as the front end compiles it: derivatives of first and second order against differences,
 * reverse mode against forward mode by inner products, batches against loops, and the second derivative in WASM.
 */
import assert from "node:assert/strict";
import { jvpFunction } from "../../autodiff/jvp.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import { stage } from "../../compiler/frontend/stage.js";
import { type IrFunction, isFloat, sizeOf } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import {
  checkGrads,
  nn,
  np,
  optim,
  random,
  special,
  type Tensor,
  tensor,
  tree,
} from "../../runtime/index.js";
import { interpret } from "../../runtime/interpret.js";
import { argumentTrees, parameterNames } from "../../runtime/signature.js";
import {
  assertJvp,
  assertSame,
  assertSecondOrder,
  assertTranspose,
  directions,
  example,
  stack,
  zerosOf,
} from "../ops/checks.js";
import { rngFrom } from "../ops/samplers.js";
import type { LibraryCase, LibraryEntry } from "./cases.js";
import { nnCases, optimCases, randomCases, specialCases, treeCases } from "./cases-more.js";
import { linalgCases, npCases } from "./cases-np.js";

const draw = (c: LibraryCase, seed: number): readonly NdArray[] => {
  const rng = rngFrom(seed);
  return c.args.map(({ dtype, shape, values }) => ndarray(dtype, shape, values(rng, sizeOf(shape))));
};

const tensors = (xs: readonly NdArray[]): readonly Tensor[] =>
  xs.map((x) => tensor(Array.from(x.data), { shape: x.shape, dtype: x.dtype }));

/** The program of a case, and which of the arguments its params are: those that count. */
const staged = (c: LibraryCase): { readonly fn: IrFunction; readonly used: readonly number[] } => {
  const args = argumentTrees(tensors(draw(c, 1)), parameterNames(c.f));
  const { fn, inputs } = stage({ fn: c.f, args, scope: null });
  assert.ok(
    inputs.every(({ kind }) => kind === "arg"),
    "cases capture nothing",
  );
  return { fn: verify(fn), used: inputs.map(({ index }) => index) };
};

const isActive = (fn: IrFunction): readonly boolean[] => fn.params.map((p) => isFloat(p.type.dtype));

/** No result moves with an argument. */
const checkFlat = (fn: IrFunction, xs: readonly NdArray[], what: string): void => {
  const active = isActive(fn);
  const { fn: forward, tangentOuts } = jvpFunction(fn, active);
  if (!tangentOuts.includes(true)) return;
  const ts = directions(xs, 2).filter((_, k) => active[k] === true);
  for (const tangent of interpret(forward, [...xs, ...ts]).slice(fn.results.length))
    assert.ok(
      tangent.data.every((t: number) => t === 0),
      `${what} is not flat`,
    );
};

const SIZE = 3;
/** Batched in all arguments, and in every second one: the function and its gradient. */
const checkBatch = (fn: IrFunction, draws: readonly (readonly NdArray[])[], what: string): void => {
  const choices = [fn.params.map(() => true), fn.params.map((_, k) => k % 2 === 1)];
  for (const batched of choices.filter((flags) => flags.includes(true))) {
    const rows = Array.from({ length: SIZE }, (_, n) =>
      fn.params.map((_p, k) => draws[batched[k] === true ? n : 0]?.[k] ?? assert.fail()),
    );
    const [first = assert.fail()] = rows;
    const args = first.map((x, k) =>
      batched[k] === true ? stack(rows.map((row) => row[k] ?? assert.fail())) : x,
    );
    const results = interpret(verify(vmapFunction(fn, batched, SIZE)), args);
    rows.forEach((row, n) => {
      interpret(fn, row).forEach((wanted, r) => {
        assertSame(example(results[r] ?? assert.fail(), n), wanted, `${what}, batched [${batched}], ${n}`);
      });
    });
  }
};

const check = (c: LibraryCase, kind: LibraryEntry["kind"], what: string): void => {
  const { fn, used } = staged(c);
  const draws = [11, 12, 13].map((seed) => {
    const row = draw(c, seed);
    return used.map((k) => row[k] ?? assert.fail());
  });
  const [xs = assert.fail()] = draws;
  checkBatch(fn, draws, what);
  if (kind === "flat") {
    checkFlat(fn, xs, what);
    return;
  }
  assert.ok(jvpFunction(fn, isActive(fn)).tangentOuts.includes(true), `${what} is flat`);
  const active = isActive(fn);
  assertJvp(fn, xs, active, 2, what);
  assertTranspose(fn, xs, active, 3, what);
  assertSecondOrder(fn, xs, active, 5, what);
  const { fn: reverse } = vjpFunction(fn, active);
  const seeded = draws.map((row, n) => [
    ...row,
    ...directions(zerosOf(reverse.params.slice(fn.params.length)), 20 + n),
  ]);
  checkBatch(reverse, seeded, `vjp of ${what}`);
};

/** Compiled, by the public function that users check their own with. */
const checkCompiled = (c: LibraryCase): void => {
  const args = tensors(draw(c, 11));
  const floats = args.filter(({ dtype }) => dtype === "f64");
  const isFloatArgument = args.map(({ dtype }) => dtype === "f64");
  const varied = (...vs: Tensor[]): unknown => {
    let next = 0;
    return c.f(...args.map((x, k) => (isFloatArgument[k] === true ? (vs[next++] as Tensor) : x)));
  };
  checkGrads(varied, floats);
};

const NAMESPACES: readonly (readonly [string, object, Readonly<Record<string, LibraryEntry>>])[] = [
  ["np", np, npCases],
  ["np.linalg", np.linalg, linalgCases],
  ["nn", nn, nnCases],
  ["special", special, specialCases],
  ["random", random, randomCases],
  ["optim", optim, optimCases],
  ["tree", tree, treeCases],
];

describe("derivatives and batches of every library function", () => {
  for (const [namespace, functions, entries] of NAMESPACES)
    describe(namespace, () => {
      it("has an entry for each function, with cases", () => {
        const names = Object.entries(functions).filter(([, f]) => typeof f === "function");
        assert.deepEqual(Object.keys(entries).toSorted(), names.map(([name]) => name).toSorted());
        for (const [name, { cases }] of Object.entries(entries)) assert.ok(cases.length > 0, name);
      });
      for (const [name, { kind, cases }] of Object.entries(entries))
        it(`${name}: ${kind}`, () => {
          cases.forEach((c, k) => {
            check(c, kind, `${namespace}.${name}, case ${k}`);
            if (kind === "smooth" && k === 0) checkCompiled(c);
          });
        });
    });
});
