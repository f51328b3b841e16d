// biome-ignore-all lint/style/noNonNullAssertion: programs as their authors write them
/** item, toArray and data of tensors inside compiled code; the same function on the tensor outside is the oracle. */
import { deepEqual, equal } from "node:assert/strict";
import { type DType, grad, jit, np, type Tensor, tensor } from "../../runtime/index.js";
import { refusal } from "./harness.js";

const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];
const vector = (dtype: DType): Tensor => tensor([3, 0, 1, 7], { dtype });
const matrix = (dtype: DType): Tensor => tensor([[3, 0, 1], [7, 2, 9]], { dtype }); // biome-ignore format: rows
const plain = (x: unknown): unknown => JSON.parse(JSON.stringify(x));

/** Compiled and called outside, `fn` gives the same. */
const same = (fn: (x: Tensor) => unknown, ...points: readonly Tensor[]): void => {
  const compiled = jit(fn);
  for (const x of points) deepEqual(plain(compiled(x)), plain(fn(x)), `${x.dtype}[${x.shape}]`);
};

describe("elements of tensors in compiled code", () => {
  it("item() is the number, in double precision", () => {
    for (const dtype of DTYPES)
      same((x) => Number(x.item()) / 3, tensor(1, { dtype }), tensor([[1]], { dtype }));
    equal(refusal((x: Tensor) => x.item(), [vector("f32")]).code, "TSJ1052");
  });

  it("toArray() is nested arrays of numbers, a copy that can be written to", () => {
    for (const dtype of DTYPES) {
      same((x) => x.toArray(), vector(dtype), matrix(dtype));
      same((x) => {
        const a = x.toArray<number[]>();
        for (let k = 1; k < a.length; k++) a[k]! += a[k - 1]! / 3;
        return a;
      }, dtype === "bool" ? vector("i32") : vector(dtype)); // biome-ignore format: a pair
    }
    same(
      (x) => {
        const a = x.toArray<number[][]>();
        a[1]![2]! -= 0.5 * a[0]![0]!;
        [a[0], a[1]] = [a[1]!, a[0]!];
        return [a, x.toArray()];
      },
      matrix("f64"),
      matrix("i32"),
    );
    same((x) => {
      const a = x.toArray<number[]>();
      a.push(5);
      return a.map((v, k) => v * k);
    }, vector("f32"));
  });

  it("data is the elements in a row, in a typed array of that dtype", () => {
    for (const dtype of DTYPES) same((x) => Array.from(x.data), vector(dtype), matrix(dtype));
    same(
      (x) => {
        const d = x.data as Int32Array;
        d[0]! += 2.75;
        return [d[0]!, d.length];
      },
      matrix("i32"),
      matrix("f64"),
    );
  });

  it("T is the transpose", () => {
    same((x) => x.T.toArray(), vector("f32"), matrix("f64"), tensor(np.zeros([2, 1, 3])));
    deepEqual(matrix("i32").T.toArray(), [[3, 7], [0, 2], [1, 9]]); // biome-ignore format: rows
  });

  it("derivatives go through them", () => {
    const f = (x: Tensor) => {
      const a = x.toArray<number[][]>();
      a[0]![0]! *= a[1]![1]!;
      return a[0]![0]! + np.sum(x).item() * x.data[2]!;
    };
    // d/dx of x00 x11 + (x00 + x01 + x10 + x11) x10, at [[2, 3], [5, 7]]
    deepEqual(grad(f)(tensor([[2, 3], [5, 7]], { dtype: "f64" })).toArray(), [[12, 5], [22, 7]]); // biome-ignore format: rows
  });
});
