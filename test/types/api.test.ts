/** The types of the public API; compiling this file is the test, and mocha runs it to show that it is there. */
import { expectTypeOf } from "expect-type";
import type {
  ArrayOf,
  Grad,
  Jitted,
  PlainNumber,
  Shape,
  Tensor,
  TensorArg,
  TensorLike,
  ValueAndGrad,
  Vmapped,
} from "../../runtime/types.js";

declare const t: Tensor;
declare const n: number;

/** Compiled, never run: the values exist only as types. */
const operators = (): void => {
  expectTypeOf(t * 2 + n).toEqualTypeOf<number>();
  expectTypeOf(-t).toEqualTypeOf<number>();
  expectTypeOf(t > 0).toEqualTypeOf<boolean>();
  expectTypeOf(Math.exp(t)).toEqualTypeOf<number>();
  expectTypeOf(t[0]).toEqualTypeOf<Tensor | undefined>();
  expectTypeOf(t.sum(0)).toEqualTypeOf<Tensor>();
  expectTypeOf(t.item()).toEqualTypeOf<number>();
  expectTypeOf<Tensor>().toExtend<number>();
  expectTypeOf<Tensor<[2, 3], "f32">>().toExtend<Tensor>();
  expectTypeOf<Tensor<[2, 3], "f32">>().not.toExtend<Tensor<[3, 2], "f32">>();
  expectTypeOf<Tensor<[2], "bool">["item"]>().returns.toEqualTypeOf<boolean>();
  expectTypeOf<Tensor<[2], "f64">["data"]>().toEqualTypeOf<Float64Array>();
  expectTypeOf<ArrayOf<[2, 3], "f32">>().toEqualTypeOf<number[][]>();
  expectTypeOf<ArrayOf<[], "bool">>().toEqualTypeOf<boolean>();
  expectTypeOf<number>().toExtend<TensorLike>();
  expectTypeOf<Float32Array>().toExtend<TensorLike>();
  expectTypeOf<number[][]>().toExtend<TensorLike>();
  expectTypeOf<string>().not.toExtend<TensorLike>();
  expectTypeOf<number>().toExtend<PlainNumber>();
  expectTypeOf<Tensor>().not.toExtend<PlainNumber>();
};

const jitted = (): void => {
  const f = {} as Jitted<(a: number, b: number) => number>;
  expectTypeOf(f(1, 2)).toEqualTypeOf<number>();
  expectTypeOf(f(t, 2)).toEqualTypeOf<Tensor>();
  expectTypeOf(f(1, [1, 2])).toEqualTypeOf<Tensor>();
  expectTypeOf(f(Float32Array.of(1), t)).toEqualTypeOf<Tensor>();
  // @ts-expect-error a string is no number
  f("1", 2);
  // @ts-expect-error an argument is missing
  f(1);

  interface Layer {
    w: Tensor;
    b: Tensor;
  }
  const step = {} as Jitted<
    (p: { layers: Layer[] }, x: Tensor, mode: "a" | "b") => { loss: number; p: Layer[] }
  >;
  const out = step({ layers: [{ w: t, b: [1, 2] }] }, [[1, 2]], "a");
  expectTypeOf(out.loss).toEqualTypeOf<Tensor>();
  expectTypeOf(out.p).toEqualTypeOf<Layer[]>();
  // @ts-expect-error a field is missing
  step({ layers: [{ w: t }] }, t, "a");
  // @ts-expect-error no such mode
  step({ layers: [] }, t, "c");

  const arrays = {} as Jitted<(x: Float64Array, rows: number[][]) => number>;
  expectTypeOf(arrays(Float64Array.of(1), [[1]])).toEqualTypeOf<Tensor>();
  expectTypeOf(arrays(t, t)).toEqualTypeOf<Tensor>();

  const test = {} as Jitted<(x: number) => boolean>;
  expectTypeOf(test(1)).toEqualTypeOf<boolean>();
  expectTypeOf(test(t)).toEqualTypeOf<Tensor<Shape, "bool">>();

  const init = {} as Jitted<(seed: number) => { w: Tensor }>;
  expectTypeOf(init(1)).toEqualTypeOf<{ w: Tensor }>();
  const optional = {} as Jitted<(x: number, rate?: number) => number>;
  expectTypeOf(optional(1)).toEqualTypeOf<number>();
  expectTypeOf(optional(t)).toEqualTypeOf<Tensor>();
  expectTypeOf<TensorArg<string>>().toEqualTypeOf<string>();
  expectTypeOf<Parameters<typeof f.lower>>().toExtend<[a: TensorLike, b: TensorLike]>();
};

const transforms = (): void => {
  type Params = { w: Tensor; b: Tensor };
  const g = {} as Grad<(p: Params, x: Tensor) => number, 0, false>;
  expectTypeOf(g({ w: t, b: t }, t)).toEqualTypeOf<Params>();
  const scalar = {} as Grad<(x: number, y: number) => number, 0, false>;
  expectTypeOf(scalar(1, 2)).toEqualTypeOf<number>();
  expectTypeOf(scalar(t, 2)).toEqualTypeOf<Tensor>();
  const both = {} as Grad<(x: number, p: Params) => number, readonly [1, 0], false>;
  expectTypeOf(both(1, { w: t, b: t })).toEqualTypeOf<[Params, Tensor]>();
  const rows = {} as Grad<(x: number[][]) => number, 0, false>;
  expectTypeOf(rows([[1]])).toEqualTypeOf<Tensor>();
  const aux = {} as Grad<(x: number) => [number, { hits: number }], 0, true>;
  expectTypeOf(aux(1)).toEqualTypeOf<[number, { hits: number }]>();
  expectTypeOf(aux(t)).toEqualTypeOf<[Tensor, { hits: Tensor }]>();
  const vg = {} as ValueAndGrad<(p: Params, x: Tensor) => number, 0, false>;
  expectTypeOf(vg({ w: t, b: t }, t)).toEqualTypeOf<[Tensor, Params]>();
  const vgAux = {} as ValueAndGrad<(x: number) => [number, string], 0, true>;
  expectTypeOf(vgAux(1)).toEqualTypeOf<[[number, string], number]>();
  const mapped = {} as Vmapped<(x: number, y: number) => { sum: number }>;
  expectTypeOf(mapped(t, 1)).toEqualTypeOf<{ sum: Tensor }>();
};

describe("the API's types", () => {
  it("say what the run time does", () => {
    expectTypeOf(operators).returns.toBeVoid();
    expectTypeOf(jitted).returns.toBeVoid();
    expectTypeOf(transforms).returns.toBeVoid();
  });
});
