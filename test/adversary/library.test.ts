/** Calls of library functions that once failed or came out in a dtype of their own. */
import assert from "node:assert/strict";
import { jit, np, type Tensor, tensor } from "../../runtime/index.js";

describe("corners of the library", () => {
  it("np.tile takes fewer counts than axes", () => {
    assert.deepEqual(np.tile(tensor([[1, 2]]), [2]), tensor([[1, 2, 1, 2]]));
    assert.deepEqual(np.tile(tensor([[1, 2]]), []), tensor([[1, 2]]));
  });

  it("np.tril and np.triu take a diagonal that is known only at run time", () => {
    const m = tensor([
      [1, 2],
      [3, 4],
    ]);
    const lower = jit((x: Tensor, k: Tensor) => np.tril(x, k));
    for (const [k, wanted] of [
      [-1, [0, 0, 3, 0]],
      [0, [1, 0, 3, 4]],
      [1, [1, 2, 3, 4]],
    ] as const) {
      assert.deepEqual([...lower(m, tensor(k, { dtype: "i32" })).data], wanted);
      assert.deepEqual([...np.tril(m, k).data], wanted);
    }
    assert.deepEqual([...np.triu(m, 1).data], [0, 2, 0, 0]);
  });

  it("np.argmax and np.argmin take booleans", () => {
    assert.equal(np.argmax(tensor([false, true, true])).item(), 1);
    assert.equal(np.argmin(tensor([true, false])).item(), 1);
  });

  it("numbers take the dtype of the arrays they are joined or multiplied with", () => {
    const x = tensor([1, 2]);
    const stacked = jit((v: Tensor) => np.stack([v[0] as Tensor, 3, np.sum(v)]))(x);
    assert.deepEqual(stacked, tensor([1, 3, 3]));
    assert.deepEqual(np.dot(x, 2), tensor([2, 4]));
    assert.deepEqual(np.inner(0.5, x), tensor([0.5, 1]));
    assert.equal(np.stack([1, 2]).dtype, "f64");
  });
});
