// biome-ignore-all lint: programs as their authors write them
/** try, catch and finally; plain JavaScript is the oracle. */
import { equal, throws } from "node:assert/strict";
import { jit } from "../../runtime/index.js";
import { agrees, numbers } from "./agrees.js";
import { refusal } from "./harness.js";

const a5 = [3, 1, 2, -1, 5];
const f5 = Float64Array.from(a5);

class Coded extends RangeError {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = "Coded";
  }
}

describe("try", () => {
  agrees(
    "try ok",
    (x: number) => {
      try {
        return x * 2;
      } catch {
        return 0;
      }
    },
    [3],
  );
  agrees(
    "try throw static",
    (x: number) => {
      try {
        throw new Error("a");
      } catch (e) {
        return x;
      }
    },
    [3],
  );
  agrees(
    "try throw staged",
    (x: number) => {
      try {
        if (x > 2) throw new RangeError("a");
        return 1;
      } catch (e) {
        return 2;
      }
    },
    [3],
    [1],
  );
  agrees(
    "try throw staged f64",
    (v: Float64Array) => {
      let s = 0;
      for (const x of v) {
        try {
          s += 1;
          if (x > 2) throw new RangeError("a");
          s += x;
        } catch (e) {
          s += 100;
        } finally {
          s *= 2;
        }
      }
      return s;
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "try e.message",
    (v: Float64Array) => {
      try {
        if (v[0]! > 2) throw new RangeError("abc");
        return 1;
      } catch (e) {
        return (e as Error).message.length;
      }
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "try throw number",
    (v: Float64Array) => {
      try {
        for (let i = 0; i < v.length; i++) if (v[i]! < 0) throw i;
        return -1;
      } catch (e) {
        return e as number;
      }
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "try two errors",
    (v: Float64Array) => {
      try {
        if (v[0]! > 2) throw new Error("a");
        if (v[1]! > 0) throw new Error("bb");
        return 1;
      } catch (e) {
        return 7;
      }
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "try return in finally",
    (v: Float64Array) => {
      const f = () => {
        try {
          if (v[0]! > 2) return 1;
          return 2;
        } finally {
          if (v[1]! > 0) return 3;
        }
      };
      return f()!;
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "try break",
    (v: Float64Array) => {
      let n = 0;
      for (let i = 0; i < 20; i++) {
        try {
          if (i > v[0]!) break;
          n++;
          if (i % 2) continue;
          n += 10;
        } finally {
          n += 100;
        }
      }
      return n;
    },
    [f5],
  );
  agrees(
    "try nested",
    (v: Float64Array) => {
      let s = 0;
      try {
        try {
          if (v[0]! > 2) throw 1;
          s += 1;
        } catch (e) {
          s += 10;
          if (v[1]! > 0) throw e;
          s += 20;
        } finally {
          s += 1000;
        }
        s += 5;
      } catch (e) {
        s += (e as number) * 1e5;
      }
      return s;
    },
    [f5],
    [Float64Array.of(1, 1)],
    [Float64Array.of(3, -1)],
  );
  agrees(
    "try callee certain",
    (x: number) => {
      const f = () => {
        throw new Error("q");
      };
      try {
        f();
        return 1;
      } catch (e) {
        return (e as Error).message.length + x;
      }
    },
    [3],
  );
  agrees(
    "try callee ok",
    (v: Float64Array) => {
      const f = (y: number) => y * 2;
      try {
        return f(v[0]!);
      } catch (e) {
        return 2;
      }
    },
    [f5],
  );
  agrees(
    "catch then throw outside",
    (v: Float64Array) => {
      try {
        if (v[0]! > 2) throw new Error("a");
      } catch {}
      if (v[0]! < 0) throw new Error("neg");
      return v[0]!;
    },
    [f5],
  );
  agrees(
    "rethrow",
    (v: Float64Array) => {
      try {
        if (v[0]! > 100) throw new Error("a");
      } catch (e) {
        throw e;
      }
      return v[0]!;
    },
    [f5],
  );
  agrees(
    "catch custom",
    (v: Float64Array) => {
      try {
        if (v[0]! > 2) throw new Coded(3, "bad");
        return 0;
      } catch (e) {
        return e instanceof Coded &&
          e instanceof RangeError &&
          e instanceof Error &&
          !(e instanceof TypeError)
          ? e.code + e.message.length + e.name.length
          : -1;
      }
    },
    [f5],
    [Float64Array.of(-1)],
  );
  const thrower = (y: number) => {
    if (y < 0) throw new Error("negative");
    return y;
  };
  it("a throw of a called function on a path that is not known is refused", () => {
    const one = (v: Float64Array) => {
      try {
        return thrower(v[0]!);
      } catch {
        return 2;
      }
    };
    equal(refusal(one, [f5]).code, "TSJ1040");
    const branch = (v: Float64Array) => {
      const fail = () => {
        throw new Error("always");
      };
      let s = 0;
      try {
        if (v[0]! > 2) {
          s = 1;
          fail();
        }
      } catch {
        s += 2;
      }
      return s;
    };
    equal(refusal(branch, [f5]).code, "TSJ1040");
  });
  it("an uncaught error of a class of the user's has its name", () => {
    const f = jit((v: Float64Array) => {
      if (v[0]! < 0) throw new Coded(3, "below zero");
      return v[0]!;
    });
    equal(f(f5).item(), 3);
    throws(() => f(Float64Array.of(-1)), /Coded: below zero/);
  });
});
