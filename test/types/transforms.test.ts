/** What the types of jit, grad and the others say of real functions; compiling this file is the test. */
import { expectTypeOf } from "expect-type";
import {
  checkpoint,
  checkpointName,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  np,
  type Shape,
  type Tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "../../runtime/index.js";

declare const t: Tensor;
const cube = (x: number): number => x ** 3;
interface Params {
  w: number;
  b: Tensor;
}

/** Compiled, never run. */
const numbersAndArrays = (): void => {
  const f = jit((x: number, y: number) => x * y);
  expectTypeOf(f(1, 2)).toEqualTypeOf<number>();
  expectTypeOf(f(t, 2)).toEqualTypeOf<Tensor>();
  expectTypeOf(f([1, 2], 2)).toEqualTypeOf<Tensor>();
  const more = jit((x: number) => x > 1);
  expectTypeOf(more(1)).toEqualTypeOf<boolean>();
  expectTypeOf(more(t)).toEqualTypeOf<Tensor<Shape, "bool">>();
  const parts = jit((x: number) => ({
    pair: [x, x] as [number, number],
    name: "pair" as const,
    none: null,
    typed: new Float64Array(2),
  }));
  expectTypeOf(parts(1)).toEqualTypeOf<{
    pair: [number, number];
    name: "pair";
    none: null;
    typed: Tensor;
  }>();
  expectTypeOf(parts(t).pair).toEqualTypeOf<[Tensor, Tensor]>();
};

/** Where a function of a known type is wanted, a transform's callable is one. */
const wanted = (): void => {
  const product = (x: number, y: number) => x * y;
  const use = (_: (x: number) => number): void => {};
  use(jit(cube));
  use(grad(cube));
  use(jacfwd(cube));
  use(jacrev(cube));
  use(hessian(cube));
  const pair: (x: number) => [number, number] = valueAndGrad(cube);
  const second: (x: number, y: number) => number = grad(product, { argnums: 1 });
  const both: (x: number, y: number) => [number, number] = grad(product, { argnums: [0, 1] });
  expectTypeOf([1, 2].map(pair)).toEqualTypeOf<[number, number][]>();
  expectTypeOf(second(1, 2)).toEqualTypeOf<number>();
  expectTypeOf(both(1, 2)).toEqualTypeOf<[number, number]>();
};

const parameters = (): void => {
  const f = jit((x: number, scale?: number, ...rest: number[]) => x * (scale ?? 1) + rest.length);
  expectTypeOf(f(1)).toEqualTypeOf<number>();
  expectTypeOf(f(1, 2, 3, 4)).toEqualTypeOf<number>();
  expectTypeOf(f(t, 2, 3, 4)).toEqualTypeOf<Tensor>();
  expectTypeOf(f(1, 2, t)).toEqualTypeOf<Tensor>();
  const g = jit((x: number, k = 2, { eps = 1e-3 }: { eps?: number } = {}) => x * k + eps);
  expectTypeOf(g(1)).toEqualTypeOf<number>();
  expectTypeOf(g(1, 2, { eps: 1 })).toEqualTypeOf<number>();
  expectTypeOf(g(t, 2, { eps: t })).toEqualTypeOf<Tensor>();
  expectTypeOf<Parameters<typeof f.lower>>().toExtend<[x: unknown, scale?: unknown, ...rest: unknown[]]>();
  const generic = jit(<T extends Tensor>(x: T) => x);
  expectTypeOf(generic(t)).toEqualTypeOf<Tensor>();
};

const gradients = (): void => {
  const loss = (p: Params, x: number): number => p.w * x;
  expectTypeOf(grad(loss)({ w: 1, b: t }, 2)).toEqualTypeOf<{ w: Tensor; b: Tensor }>();
  expectTypeOf(grad(loss, { argnums: 1 })({ w: 1, b: t }, 2)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(loss, { argnums: [1, 0] })({ w: 1, b: t }, 2)).toEqualTypeOf<
    [Tensor, { w: Tensor; b: Tensor }]
  >();
  expectTypeOf(grad(loss, { argnums: -1 })({ w: 1, b: t }, 2)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(loss, { argnums: [-2, -1] })({ w: 1, b: t }, 2)).toEqualTypeOf<
    [{ w: Tensor; b: Tensor }, Tensor]
  >();
  // @ts-expect-error there are two arguments
  grad(loss, { argnums: -3 });
  const withAux = (x: number): [number, { steps: number }] => [x, { steps: 1 }];
  expectTypeOf(grad(withAux, { hasAux: true })(1)).toEqualTypeOf<[number, { steps: number }]>();
  expectTypeOf(valueAndGrad(withAux, { hasAux: true })(t)).toEqualTypeOf<
    [[Tensor, { steps: Tensor }], Tensor]
  >();
  expectTypeOf(valueAndGrad(cube)(2)).toEqualTypeOf<[number, number]>();
  expectTypeOf(jacfwd((x: number) => ({ a: x, b: x }))(1)).toEqualTypeOf<{ a: number; b: number }>();
  expectTypeOf(hessian(cube)(2)).toEqualTypeOf<number>();
};

const composed = (): void => {
  expectTypeOf(jit(grad(cube))(2)).toEqualTypeOf<number>();
  expectTypeOf(jit(grad(cube))(t)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(grad(cube))(2)).toEqualTypeOf<number>();
  expectTypeOf(grad(grad(cube))([2])).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(jit(cube))(2)).toEqualTypeOf<number>();
  expectTypeOf(jit(jit((x: number) => x > 1))(1)).toEqualTypeOf<boolean>();
  expectTypeOf(vmap(grad(cube))([1, 2])).toEqualTypeOf<Tensor>();
  expectTypeOf(jit(vmap(grad(cube)))([1, 2])).toEqualTypeOf<Tensor>();
  expectTypeOf(vmap(vmap(cube))([[1, 2]])).toEqualTypeOf<Tensor>();
  const step = jit(valueAndGrad((p: Params, x: number) => p.w * x));
  expectTypeOf(step({ w: 1, b: t }, 2)).toEqualTypeOf<[Tensor, { w: Tensor; b: Tensor }]>();
  const inside = jit((p: { w: number; b: number }, x: number) =>
    grad((q: { w: number; b: number }) => q.w * x + q.b)(p),
  );
  expectTypeOf(inside({ w: 1, b: 2 }, 3)).toEqualTypeOf<{ w: number; b: number }>();
  const mixed = vmap((x: number, o: { k: number }) => x * o.k, { inAxes: [0, null] });
  expectTypeOf(mixed([1, 2], { k: 2 })).toEqualTypeOf<Tensor>();
};

const linear = (): void => {
  const product = (x: number, y: number): number => x * y;
  expectTypeOf(jvp(product, [1, 2], [1, 0])).toEqualTypeOf<[number, number]>();
  expectTypeOf(jvp(product, [t, 2], [t, 0])).toEqualTypeOf<[Tensor, Tensor]>();
  const slope = grad(cube);
  expectTypeOf(jvp(slope, [1], [1])).toEqualTypeOf<[number, number]>();
  const [value, back] = vjp(product, 3, 4);
  expectTypeOf(value).toEqualTypeOf<number>();
  expectTypeOf(back(1)).toEqualTypeOf<[x: number, y: number]>();
  const [, along] = linearize(product, t, 4);
  expectTypeOf(along(t, 0)).toEqualTypeOf<Tensor>();
};

/** Transforms of transforms in one expression. */
const nested = (): void => {
  const ofArray = (x: Tensor): number => np.sum(x);
  const ofTyped = (x: Float64Array): number => x[0] ?? 0;
  const ofTree = (p: Params, y: number): number => p.w * y;
  const at = { w: 1, b: t };
  expectTypeOf(jvp(grad(cube), [1], [1])).toEqualTypeOf<[number, number]>();
  expectTypeOf(jvp(grad(ofArray), [t], [t])).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(jvp(grad(ofTyped), [new Float64Array(1)], [t])).toEqualTypeOf<[Tensor, Tensor]>();
  const [slope, along] = jvp(grad(ofTree), [at, 1], [at, 1]);
  expectTypeOf(slope).toEqualTypeOf<{ w: Tensor; b: Tensor }>();
  expectTypeOf(along).toEqualTypeOf<{ w: Tensor; b: Tensor }>();
  expectTypeOf(jvp(grad(grad(cube)), [1], [1])).toEqualTypeOf<[number, number]>();
  expectTypeOf(jvp(valueAndGrad(cube), [t], [t])[1]).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(jvp(vmap(grad(cube)), [[1]], [[1]])).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(jvp(jit(cube), [2], [1])).toEqualTypeOf<[number, number]>();
  expectTypeOf(vjp(grad(cube), 1)[0]).toEqualTypeOf<number>();
  expectTypeOf(vjp(grad(ofArray), t)[0]).toEqualTypeOf<Tensor>();
  expectTypeOf(vjp(grad(ofArray), t)[1](t)).toEqualTypeOf<[x: Tensor]>();
  expectTypeOf(linearize(grad(cube), 1)[1](2)).toEqualTypeOf<number>();
  expectTypeOf(linearize(grad(ofArray), t)[1](t)).toEqualTypeOf<Tensor>();
  expectTypeOf(jacfwd(grad(cube))(1)).toEqualTypeOf<number>();
  expectTypeOf(jacrev(grad(ofArray))(t)).toEqualTypeOf<Tensor>();
  expectTypeOf(jacfwd(grad(ofTree, { argnums: 1 }), { argnums: 1 })(at, 1)).toEqualTypeOf<Tensor>();
  expectTypeOf(jacrev(jacfwd(cube))(t)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(grad(ofTyped, { argnums: 0 }))).toBeCallableWith(t);
  expectTypeOf(vmap(grad(ofArray))([t])).toEqualTypeOf<Tensor>();
  expectTypeOf(vmap(grad(ofTree), { inAxes: [null, 0] })(at, t)).toEqualTypeOf<{ w: Tensor; b: Tensor }>();
  expectTypeOf(hessian(grad(cube))(1)).toEqualTypeOf<number>();
  const product = jit((x: Tensor, v: Tensor) => jvp(grad(ofArray), [x], [v])[1]);
  expectTypeOf(product(t, t)).toEqualTypeOf<Tensor>();
  // @ts-expect-error a tangent for the one argument
  jvp(grad(cube), [1], []);
  // @ts-expect-error no tensor
  jvp(grad(ofArray), ["1"], [t]);
  // @ts-expect-error one argument
  vjp(grad(cube), 1, 2);
};

const extras = (): void => {
  const pair = (x: number, y: number): readonly [number, { steps: number }] => [x * y, { steps: 1 }];
  const on = { hasAux: true } as const;
  expectTypeOf(jvp(pair, [1, 2], [1, 0], on)).toEqualTypeOf<[number, number, { steps: number }]>();
  expectTypeOf(jvp(pair, [t, 2], [t, 0], on)).toEqualTypeOf<[Tensor, Tensor, { steps: Tensor }]>();
  const [value, back, extra] = vjp(pair, 3, 4, on);
  expectTypeOf(value).toEqualTypeOf<number>();
  expectTypeOf(back(1)).toEqualTypeOf<[x: number, y: number]>();
  expectTypeOf(extra).toEqualTypeOf<{ steps: number }>();
  const [, along, more] = linearize(pair, t, 4, on);
  expectTypeOf(along(t, 0)).toEqualTypeOf<Tensor>();
  expectTypeOf(more).toEqualTypeOf<{ steps: Tensor }>();
  // @ts-expect-error there is no extra result
  vjp((x: number) => x, 1, on);
};

const checkpoints = (): void => {
  const f = checkpoint((x: number, p: Params) => ({ y: x * p.w }));
  expectTypeOf(f(2, { w: 1, b: t })).toEqualTypeOf<{ y: Tensor }>();
  expectTypeOf(checkpoint(cube)(2)).toEqualTypeOf<number>();
  expectTypeOf(checkpoint(cube)(t)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(checkpoint(cube))(2)).toEqualTypeOf<number>();
  expectTypeOf(checkpoint(grad(cube), { policy: "dotsSaveable" })(2)).toEqualTypeOf<number>();
  expectTypeOf(checkpointName(t, "h")).toEqualTypeOf<Tensor>();
  checkpoint(cube, { policy: { saveOnlyTheseNames: ["a", "b"] } });
  checkpoint(cube, { policy: { saveFromBothPolicies: ["dotsSaveable", { saveAnyNamesButThese: [] }] } });
  // @ts-expect-error no such policy
  checkpoint(cube, { policy: "dots" });
  // @ts-expect-error no such option
  checkpoint(cube, { save: [] });
  // @ts-expect-error a name is needed
  checkpointName(t);
};

const literalShapes = (): void => {
  const f = jit((x: Tensor<[2, 3], "f32">, y: Tensor<[3], "f32">) => np.dot(x, y));
  const x = t as Tensor<[2, 3], "f32">;
  const y = t as Tensor<[3], "f32">;
  expectTypeOf(f(x, y)).toEqualTypeOf<Tensor>();
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  expectTypeOf(f(rows, Float32Array.of(1, 2, 3))).toEqualTypeOf<Tensor>();
  // @ts-expect-error another shape
  f(t as Tensor<[3, 2], "f32">, y);
  // @ts-expect-error another dtype
  f(t as Tensor<[2, 3], "f64">, y);
  // @ts-expect-error one level of nesting too few
  f([1, 2, 3], y);
};

const wrongUse = (): void => {
  // @ts-expect-error a number is no function
  jit(3);
  // @ts-expect-error no such option
  jit(cube, { devise: "cpu" });
  // @ts-expect-error maxIterations is a number
  jit(cube, { maxIterations: "10" });
  // @ts-expect-error a text has no gradient
  grad((x: number) => `${x}`);
  // @ts-expect-error a truth value has no gradient
  grad((x: number) => x > 1);
  // @ts-expect-error two results have a Jacobian
  grad((x: number) => [x, x]);
  // @ts-expect-error a tree has a Jacobian
  grad((x: number) => ({ x }));
  // @ts-expect-error there is one argument
  grad(cube, { argnums: 1 });
  // @ts-expect-error there is one argument
  grad(cube, { argnums: [0, 1] });
  // @ts-expect-error a text can't be differentiated by
  grad((mode: string, x: number) => (mode === "a" ? x : 0));
  grad((mode: string, x: number) => (mode === "a" ? x : 0), { argnums: 1 });
  // @ts-expect-error hasAux needs a pair
  grad(cube, { hasAux: true });
  // @ts-expect-error no such option
  grad(cube, { argnum: 0 });
  // @ts-expect-error no such option
  vmap(cube, { axis: 0 });
  // @ts-expect-error one axis per argument
  vmap(cube, { inAxes: [0, 0] });
  // @ts-expect-error a tangent is missing
  jvp((x: number, y: number) => x * y, [1, 2], [1]);
  // @ts-expect-error two arguments are too many
  grad(cube)(1, 2);
  // @ts-expect-error a text is no number
  vmap(cube)("1");
};

describe("the types of transforms", () => {
  it("follow the functions that they are applied to", () => {
    for (const group of [
      numbersAndArrays,
      wanted,
      parameters,
      gradients,
      composed,
      linear,
      nested,
      extras,
      checkpoints,
      literalShapes,
      wrongUse,
    ])
      expectTypeOf(group).returns.toBeVoid();
  });
});

describe("types of functions with defaults", () => {
  it("need no annotation where they are written in a transform's call", () => {
    expectTypeOf(grad((x: number, k = 3) => x * k)).toBeCallableWith(1);
    expectTypeOf(valueAndGrad((x: number, k = 3) => x * k)).toBeCallableWith(1);
    expectTypeOf(vmap((x: number, k = 3) => x * k)).toBeCallableWith([1, 2]);
    expectTypeOf(jacfwd((x: number, k = 3) => x * k)).toBeCallableWith(1);
    expectTypeOf(jvp((x: number, k = 3) => x * k, [1], [1])).toEqualTypeOf<[number, number]>();
    expectTypeOf(linearize((x: number, k = 3) => x * k, 1)[0]).toEqualTypeOf<number>();
  });
});
