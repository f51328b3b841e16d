import assert from "node:assert/strict";
import { jit } from "../../runtime/index.js";

/** An array made without elements: what was never set is undefined in JavaScript. */
describe("elements that were never set", () => {
  it("are not compared with undefined, null or one another", () => {
    const refused = (f: (x: number, k: number) => number): void =>
      assert.throws(() => jit(f)(1, 3), { code: "TSJ1103" });
    refused((x, k) => {
      const a: number[] = new Array(20);
      a[k] = x;
      let s = 0;
      for (let i = 0; i < 20; i++) s += a[i] === undefined ? 1 : 2;
      return s;
    });
    refused((x, k) => {
      const a: number[] = new Array(20);
      a[k] = x;
      let s = 0;
      for (let i = 0; i < 19; i++) if (a[i] !== a[i + 1]) s++;
      return s;
    });
  });

  it("may be compared with numbers", () => {
    const f = (x: number, k: number): number => {
      const a: number[] = new Array(20);
      a[k] = x;
      let s = 0;
      for (let i = 0; i < 20; i++) if ((a[i] ?? 0) === x) s += 1;
      return s;
    };
    assert.throws(() => jit(f)(1, 3), { code: "TSJ1103" }); // `??` asks whether it is undefined
    const g = (x: number, k: number): number => {
      const a: number[] = new Array(20);
      a[k] = x;
      let s = 0;
      for (let i = 0; i < 20; i++) if (a[i] === x) s += 1;
      return s;
    };
    assert.equal(jit(g)(1, 3), g(1, 3));
  });
});
