/** Constructs that are not compiled say so by name. */
import { match, strictEqual } from "node:assert/strict";
import type { Code } from "../../compiler/frontend/codes.js";
import { refusal } from "./harness.js";

type Fn = (...args: never[]) => unknown;
const refuses = (name: string, code: Code, text: RegExp, fn: Fn, ...args: readonly unknown[]): void => {
  it(name, () => {
    const error = refusal(fn, args);
    strictEqual(error.code, code);
    match(error.message, text);
  });
};

const f5 = Float64Array.of(3, 1, 2, -1, 5);
const key = Symbol("place");

describe("refused syntax", () => {
  refuses(
    "generators",
    "TSJ1005",
    /generators are not compiled/,
    (x: number) => {
      function* two(): Generator<number> {
        yield x;
        yield x;
      }
      return [...two()];
    },
    3,
  );
  refuses(
    "async functions",
    "TSJ1005",
    /async functions are not compiled/,
    (x: number) => {
      const later = async (): Promise<number> => x;
      return later();
    },
    3,
  );
  refuses(
    "iterators of one's own",
    "TSJ1041",
    /Symbol\.iterator/,
    (x: number) => ({ [Symbol.iterator]: () => ({ next: () => ({ done: true, value: x }) }) }),
    3,
  );
  refuses("symbols as keys", "TSJ1041", /the symbol place/, (x: number) => ({ [key]: x }), 3);
  refuses(
    "bigint with staged numbers",
    "TSJ1052",
    /the bigint 2n/,
    (x: number) => (2n as unknown as number) * x,
    3,
  );
  refuses(
    "new.target",
    "TSJ1040",
    /`new\.target` is not compiled/,
    (x: number) => {
      class C {
        readonly made: number;
        constructor() {
          this.made = new.target === C ? x : 0;
        }
      }
      return new C().made;
    },
    3,
  );
  refuses("the clock", "TSJ1030", /Date/, (x: number) => new Date(0).getTime() + x, 3);
  refuses(
    "taking an object with a getter apart",
    "TSJ1041",
    /getters or setters/,
    (x: number) => {
      const o = {
        get twice() {
          return x * 2;
        },
      };
      return { ...o };
    },
    3,
  );
  refuses(
    "filter by values known only at run time, as a result",
    "TSJ1112",
    /known only at run time/,
    (v: Float64Array) => v.filter((x) => x > 1),
    f5,
  );
});
