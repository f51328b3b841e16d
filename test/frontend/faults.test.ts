/** Several faults of one function are reported at once, each once, and none that only follows from another. */
import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { np, type Tensor, tensor } from "../../runtime/index.js";
import { refusal } from "./harness.js";

const vector = tensor([1, 2, 3]);

/** Codes and lines, the lines counted from that of the first fault. */
const faultsOf = (fn: (...args: never[]) => unknown, args: readonly unknown[]) => {
  const { diagnostics } = refusal(fn, args);
  const first = diagnostics[0]?.span?.line ?? 0;
  return diagnostics.map((d) => `${d.code} +${(d.span?.line ?? 0) - first}`);
};

const withClock = (x: number) => {
  const now = Date.now();
  return x + now;
};

describe("frontend: several faults", () => {
  it("of statements one after the other", () => {
    const several = (x: Tensor) => {
      const y = np.dot(x, np.ones([2]));
      const z = Math.random() + y; // y is unknown, and no fault of its own
      console.log(z);
      return np.sum(x, 2) + z;
    };
    deepStrictEqual(faultsOf(several, [vector]), ["TSJ2001 +0", "TSJ1030 +1", "TSJ1030 +2", "TSJ2010 +3"]);
  });

  it("of the operands of one expression", () => {
    const operands = (x: Tensor) => np.sum(x, 1) + np.reshape(x, [2, 2]);
    deepStrictEqual(faultsOf(operands, [vector]), ["TSJ2010 +0", "TSJ2012 +0"]);
  });

  it("of loops and branches, each once", () => {
    const nested = (x: Tensor, n: number) => {
      let s = 0;
      for (let i = 0; i < 5; i++) {
        s += np.sum(x, 4) as number;
        for (let k = 0; k < n; k++) {
          if (k > 2) s = Math.random();
          else s += np.dot(x, np.ones([4])) as number;
        }
      }
      return s;
    };
    deepStrictEqual(faultsOf(nested, [vector, 3]), ["TSJ2010 +0", "TSJ1030 +2", "TSJ2001 +3"]);
  });

  it("of helpers, with the calls that led there", () => {
    const withHelpers = (x: Tensor) => {
      const bad = x + np.ones([2]);
      return withClock(bad) + withClock(x);
    };
    const { diagnostics, message } = refusal(withHelpers, [vector]);
    deepStrictEqual(
      diagnostics.map((d) => [d.code, d.related.length]),
      [
        ["TSJ2101", 1],
        ["TSJ1030", 1],
      ],
    );
    ok(message.includes("`withClock` is called here"));
  });

  it("of the parts of a statement that is not compiled", () => {
    const guarded = (x: Tensor) => {
      let y = x;
      if (x > 0) {
        y = np.sum(x, 5);
        console.log(1);
      } else y = x;
      while (x < 1) y = np.sum(x, 6);
      try {
        y = np.sum(x, 7);
      } finally {
        y = np.sum(y, Math.random());
      }
      return y;
    };
    deepStrictEqual(faultsOf(guarded, [vector]), [
      ...["TSJ1101 +0", "TSJ2010 +1", "TSJ1030 +2", "TSJ1101 +4", "TSJ2010 +4"],
      ...["TSJ2010 +6", "TSJ1030 +8"],
    ]);
  });

  it("not of what a refused part may have written", () => {
    const quiet = (x: Tensor) => {
      const list: number[] = [];
      let last: Tensor = x;
      const keep = (v: Tensor) => {
        last = v;
        return np.sum(v, 3);
      };
      [list.length, last] = [Math.random(), keep(x)];
      for (const item of list) last = np.dot(last, item);
      if (list.length > 7) return np.reshape(x, [list.length, 9]);
      return np.dot(last, np.ones([list.length]));
    };
    deepStrictEqual(faultsOf(quiet, [vector]), ["TSJ1030 +0", "TSJ2010 +-2"]);
  });

  it("not on a path that may never be taken", () => {
    const perhaps = (x: Tensor) => {
      const deep = np.reshape(x, [2, 2]).shape.length > 4;
      if (deep) return np.sum(x, 4);
      return x;
    };
    equal(refusal(perhaps, [vector]).diagnostics.length, 1);
  });

  it("the first fault that was met is the error's own", () => {
    const order = (x: Tensor) => withClock(np.sum(x, 1) as number);
    const error = refusal(order, [vector]);
    equal(error.code, "TSJ2010");
    equal(error.diagnostics.length, 2);
    ok(error.message.indexOf("TSJ2010") < error.message.indexOf("TSJ1030"));
  });
});
