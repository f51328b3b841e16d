import assert from "node:assert/strict";
import { inspect } from "node:util";
import { isTensor } from "../../runtime/tensor.js";
import { tensor } from "../../runtime/tensor-data.js";

const code = (expected: string) => ({ name: "TscJitError", code: expected });

describe("tensor()", () => {
  it("takes nested arrays, numbers, booleans and typed arrays", () => {
    const cases = [
      [
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
        [2, 3],
        "f32",
      ],
      [tensor(2.5), [], "f32"],
      [tensor([true, false]), [2], "bool"],
      [tensor(Float64Array.of(1, 2)), [2], "f64"],
      [tensor(Int32Array.of(1, 2)), [2], "i32"],
      [tensor(Uint8Array.of(1, 255)), [2], "i32"],
      [tensor(Uint32Array.of(1, 2)), [2], "u32"],
      [tensor([]), [0], "f32"],
      [tensor([[], []]), [2, 0], "f32"],
      [tensor([1, 2, 3, 4], { shape: [2, 2], dtype: "i32" }), [2, 2], "i32"],
    ] as const;
    for (const [t, shape, dtype] of cases) {
      assert.deepEqual([t.shape, t.dtype], [shape, dtype]);
      assert.ok(isTensor(t));
    }
    assert.deepEqual(
      tensor([
        [1, 2],
        [3, 4],
      ]).toArray(),
      [
        [1, 2],
        [3, 4],
      ],
    );
    assert.deepEqual(tensor([true, false]).toArray(), [true, false]);
    assert.deepEqual(tensor([[], []]).toArray(), [[], []]);
    assert.deepEqual(
      tensor([-1, 4294967295, 0.1], { dtype: "f64" }).data,
      Float64Array.of(-1, 4294967295, 0.1),
    );
  });

  it("copies what it is given and what it gives", () => {
    const source = Float32Array.of(1, 2);
    const t = tensor(source);
    source[0] = 9;
    t.data[1] = 9;
    assert.deepEqual([...t.data], [1, 2]);
  });

  it("refuses what is no regular array of numbers", () => {
    const cases: readonly (readonly [unknown, string, RegExp])[] = [
      [[[1], [2, 3]], "TSJ5020", /data\[1\] has 2 elements where others have 1/],
      [[[1, 2], 3], "TSJ5020", /data\[1\] is 3 where others are arrays/],
      [[1, [2]], "TSJ5020", /data\[1\] is an array of 1 where others are single elements/],
      [[1, undefined], "TSJ5021", /data\[1\] is missing/],
      [["a"], "TSJ5030", /not a string/],
      [[1, 2n], "TSJ5030", /not a bigint/],
      [new Map(), "TSJ5030", /Map/],
      [null, "TSJ5030", /null/],
      [BigInt64Array.of(1n), "TSJ5030", /BigInt64Array/],
      [[1, true], "TSJ5031", /booleans and numbers/],
    ];
    for (const [data, expected, message] of cases)
      assert.throws(() => tensor(data as number[]), { ...code(expected), message });
    assert.throws(() => tensor([1.5], { dtype: "i32" }), code("TSJ5032"));
    assert.throws(() => tensor([Number.NaN], { dtype: "u32" }), code("TSJ5032"));
    assert.throws(() => tensor([-1], { dtype: "u32" }), code("TSJ5032"));
    assert.throws(() => tensor([1], { dtype: "f16" as "f32" }), code("TSJ5033"));
    assert.throws(() => tensor([1, 2], { shape: [3] }), { ...code("TSJ5035"), message: /\[3\].*\[2\]/s });
    assert.throws(() => tensor([1, 2], { shape: [-2] }), code("TSJ5034"));
  });
});

describe("a tensor outside compiled code", () => {
  const matrix = tensor([
    [1, 2],
    [3, 4],
  ]);
  const scalar = tensor(2.5);

  it("is a number where it has rank 0", () => {
    assert.equal(scalar * 2 + 1, 6);
    assert.equal(`${scalar}`, "2.5");
    assert.equal(scalar.toFixed(2), "2.50");
    assert.equal(scalar.toPrecision(1), "3");
    assert.equal(scalar.toExponential(1), "2.5e+0");
    assert.equal(JSON.stringify({ scalar, matrix }), '{"scalar":2.5,"matrix":[[1,2],[3,4]]}');
    assert.equal(scalar.item(), 2.5);
    assert.equal(tensor(true).item(), true);
    assert.equal(tensor([[7]]).item(), 7);
  });

  it("says to use jit where it has another rank", () => {
    assert.throws(() => matrix * 2, { ...code("TSJ5010"), message: /\[2, 2\].*jit/s });
    assert.throws(() => matrix.toFixed(1), code("TSJ5010"));
    assert.throws(() => matrix.item(), code("TSJ5012"));
  });

  it("has slices by index and iteration", () => {
    assert.deepEqual(matrix[1]?.toArray(), [3, 4]);
    assert.deepEqual(matrix[-1]?.toArray(), [3, 4]);
    assert.equal(Number(matrix[1]?.[0]), 3);
    assert.deepEqual(
      [...matrix].map((row) => row.toArray()),
      [
        [1, 2],
        [3, 4],
      ],
    );
    assert.deepEqual([matrix.length, matrix.size, matrix.ndim], [2, 4, 2]);
    assert.throws(() => matrix[2], /index 2 is out of range for axis 0 of size 2/);
    assert.throws(() => scalar.length, code("TSJ5011"));
    assert.equal(
      Reflect.get(matrix, "then"),
      undefined,
      "it can be awaited and returned from async functions",
    );
  });

  it("never changes", () => {
    assert.throws(() => {
      matrix[0] = matrix;
    }, code("TSJ5013"));
    assert.throws(() => Object.assign(matrix, { extra: 1 }), code("TSJ5013"));
  });

  it("is equal to another with the same elements, and to no other", () => {
    assert.deepEqual(tensor([1, 2]), tensor([1, 2]));
    assert.notDeepEqual(tensor([1, 2]), tensor([1, 3]));
    assert.notDeepEqual(tensor([1, 2]), tensor([1, 2], { dtype: "i32" }));
    assert.notDeepEqual(tensor([1, 2]), tensor([[1, 2]]));
  });

  it("prints as NumPy does", () => {
    assert.equal(
      String(
        tensor([
          [1, 2.5],
          [-3, 0.1],
        ]),
      ),
      "[[  1, 2.5],\n [ -3, 0.1]]",
    );
    assert.equal(inspect(tensor([1, 2])), "Tensor f32[2] [1, 2]");
    assert.equal(inspect(tensor(3)), "Tensor f32[] 3");
    assert.equal(inspect(tensor([-0, Number.NaN])), "Tensor f32[2] [ -0, NaN]");
    const long = tensor(Int32Array.from({ length: 2000 }, (_, k) => k));
    assert.equal(String(long), "[   0,    1,    2, ..., 1997, 1998, 1999]");
    assert.equal(
      String(
        tensor([
          [[1], [2]],
          [[3], [4]],
        ]),
      ),
      "[[[1],\n  [2]],\n\n [[3],\n  [4]]]",
    );
    assert.equal(String(tensor(new Float32Array(0))), "[]");
  });
});
