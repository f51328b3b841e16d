/** Mistakes outside of compiled code, beside those of test/fixtures/refused. */
import { rejects, strictEqual, throws } from "node:assert/strict";
import { tensor } from "../../runtime/index.js";

describe("users' mistakes", () => {
  it("are placed in asynchronous code as well", async () => {
    const late = async (): Promise<unknown> => {
      await Promise.resolve();
      return tensor([[1], [2, 3]]);
    };
    await rejects(late, /mistakes\.test\.ts:\d+:\d+\n\n\d+ \| +return tensor\(/);
  });
});

describe("tensors", () => {
  it("cannot be changed", () => {
    const t = tensor([1, 2]);
    throws(() => Object.assign(t, { shape: [1] }), TypeError);
    throws(() => Object.assign(t.shape, { 0: 1 }), TypeError);
    throws(() => Reflect.deleteProperty(t, "shape") || Object.assign(t, { dtype: "f64" }), TypeError);
    t.data[0] = 9; // a copy
    strictEqual(t.toArray().toString(), "1,2");
  });
});
