// biome-ignore-all lint/suspicious/noDoubleEquals: what is tested
// biome-ignore-all lint/suspicious/noSelfCompare: what is tested
// biome-ignore-all lint/suspicious/noConfusingLabels: what is tested
// biome-ignore-all lint/complexity/useLiteralKeys: what is tested
// biome-ignore-all lint/correctness/noInnerDeclarations: what is tested
// biome-ignore-all lint/suspicious/noGlobalIsFinite: what is tested
// biome-ignore-all lint/suspicious/noGlobalIsNan: what is tested
/** The language: each function run as plain JavaScript is the oracle of its program, bit for bit (all of it is f64). */
import { deepStrictEqual } from "node:assert/strict";
import { runStaged, stageCall } from "./harness.js";

type Fn = (...args: never[]) => unknown;
const POINTS = [
  [1.5, -2.25],
  [-0, 0.1],
  [3e9, 7],
  [Number.NaN, 1],
  [Number.POSITIVE_INFINITY, -3],
  [0.5, 2],
];

/** Runs `fn` both ways at every point. */
const agrees = (name: string, fn: Fn, points: readonly (readonly unknown[])[] = POINTS): void => {
  it(name, () => {
    for (const point of points) {
      const expected = Reflect.apply(fn, undefined, point);
      deepStrictEqual(runStaged(fn, point), expected, `at ${point.join(", ")}`);
    }
  });
};

const K = 3;
const table = [1, 2, 4];
const config = { rate: 0.5, name: "sgd", layers: [{ size: 2 }, { size: 3 }], flags: [true, false] };
const scale = (x: number, by = 2): number => x * by + K;
function fact(n: number): number {
  return n <= 1 ? 1 : n * fact(n - 1);
}
const power = (x: number, n: number): number => (n === 0 ? 1 : x * power(x, n - 1));
const counter = () => {
  let n = 0;
  return { next: () => ++n, get: (k: number) => n * k };
};
const parseSpec = (spec: string): string[][] => spec.split(",").map((part) => [...part]);
const adder = (by: number) => (x: number) => x + by;
const add3 = adder(3);

describe("frontend: operators", () => {
  agrees("arithmetic", (x: number, y: number) => [x + y, x - y, x * y, x / y, x % y, x ** y, -x, +x]);
  agrees("comparison", (x: number, y: number) => [
    x < y,
    x <= y,
    x > y,
    x >= y,
    x === y,
    x !== y,
    x == y,
    x != y,
  ]);
  agrees("bits", (x: number, y: number) => [x & y, x | y, x ^ y, x << y, x >> y, x >>> y, ~x]);
  agrees("bits with constants", (x: number) => [x | 0, x >>> 0, x & 255, x >> 1, 5 & x, ~~x, x >>> 31]);
  agrees("logic", (x: number) => [!x, !!x, !(x > 1)]);
  agrees("booleans as numbers", (x: number, y: number) => [
    (x > 1) as unknown as number,
    +(x > y),
    Number(x > 0) + 1,
    +(x > 0) * x,
  ]);
  agrees("assignment operators", (x: number, y: number) => {
    let a = x;
    a += y;
    a *= 2;
    a -= 1;
    a /= 3;
    a **= 2;
    a %= 5;
    let b = x;
    b |= 3;
    b &= 6;
    b ^= 1;
    b <<= 2;
    b >>= 1;
    b >>>= 1;
    return [a, b];
  });
  agrees("increments give the number before or after", (x: number) => {
    let a = x;
    const b = a++;
    const c = ++a;
    const d = a-- - --a;
    const o = { n: x };
    const e = o.n++ + ++o.n;
    return [a, b, c, d, e, o];
  });
  agrees("typeof, void, comma, in, delete", (x: number) => {
    const o: Record<string, number> = { a: x, b: 2 };
    delete o.b;
    // biome-ignore lint/complexity/noCommaOperator: what is tested
    const last = (Math.abs(x), x);
    return [typeof x, typeof o, typeof fact, typeof (x > 1), void 0, last, "a" in o, "b" in o, typeof "s"];
  });
});

describe("frontend: Math", () => {
  const unary = [
    ...[
      "abs",
      "acos",
      "acosh",
      "asin",
      "asinh",
      "atan",
      "atanh",
      "cbrt",
      "ceil",
      "clz32",
      "cos",
      "cosh",
      "exp",
    ],
    ...[
      "expm1",
      "floor",
      "fround",
      "log",
      "log10",
      "log1p",
      "log2",
      "round",
      "sign",
      "sin",
      "sinh",
      "sqrt",
      "tan",
    ],
    ...["tanh", "trunc"],
  ] as const;
  const values = [[0.3], [-0], [-1.5], [2.5], [1e10], [Number.NaN], [Number.NEGATIVE_INFINITY]];
  for (const name of unary) {
    const f = Math[name as "abs"];
    agrees(`Math.${name}`, (x: number) => f(x), values);
  }
  agrees("two operands", (x: number, y: number) => [
    x ** y,
    Math.atan2(x, y),
    Math.imul(x, y),
    Math.hypot(x, y),
  ]);
  agrees("any number of operands", (x: number, y: number) => [
    Math.max(x, y, 1),
    Math.min(x, y, -1, 2),
    Math.max(x),
    Math.max(),
    Math.hypot(x, y, 2, -1e200),
    Math.hypot(0, x),
  ]);
  agrees("spread operands", (x: number, y: number) => Math.max(...[x, y, 0.25]));
  agrees("constants and static arguments", (x: number) => x * Math.PI + Math.max(1, 2) + Number.EPSILON);
  agrees("isNaN and friends", (x: number) => [
    Number.isNaN(x),
    Number.isFinite(x),
    isNaN(x),
    isFinite(x),
    Number.isInteger(x),
  ]);
});

describe("frontend: functions", () => {
  agrees("helpers with defaults", (x: number, y: number) => scale(x) + scale(y, 4) + scale(x, undefined));
  agrees("closures over loop variables", (x: number) => {
    const fs: (() => number)[] = [];
    for (let i = 0; i < 3; i++) fs.push(() => x * i);
    return fs.map((f) => f());
  });
  agrees("var is shared by the iterations", (x: number) => {
    const fs: (() => number)[] = [];
    for (var i = 0; i < 3; i++) fs.push(() => x * i);
    return fs.map((f) => f());
  });
  agrees("recursion on static arguments", (x: number) => x * fact(5) + power(x, 3));
  agrees("closures with state", (x: number) => {
    const c = counter();
    c.next();
    c.next();
    return c.get(x);
  });
  agrees("a function that a function made", (x: number) => add3(x) + adder(x)(2));
  agrees("function declarations are hoisted", (x: number) => {
    const r = later(x);
    function later(v: number): number {
      return v + 1;
    }
    return r;
  });
  agrees("rest parameters and spread arguments", (x: number, y: number) => {
    const sum = (first: number, ...rest: number[]) => rest.reduce((a, b) => a + b, first);
    return sum(x, y, ...[1, 2]) + sum(y);
  });
  agrees("methods and this", (x: number) => {
    const o = {
      k: x,
      twice() {
        return this.k * 2;
      },
      arrow: () => x + 1,
    };
    return o.twice() + o.arrow();
  });
  agrees("destructured parameters", (x: number, y: number) => {
    const f = ({ a, b = 3 }: { a: number; b?: number }, [c, , d = 1]: (number | undefined)[]) => [a, b, c, d];
    return f({ a: x }, [y, 5]);
  });
  agrees("named function expressions", (x: number) => {
    const f = function self(n: number): number {
      return n === 0 ? x : 2 * self(n - 1);
    };
    return f(4);
  });
  agrees("static calls are made at compile time", (x: number) => {
    const [a = [], b = []] = parseSpec("ij,jk");
    return [x * a.length, a, b, a.filter((c) => b.includes(c)), parseInt("12", 10) * x, "abc".toUpperCase()];
  });
  agrees("default parameters see earlier ones", (x: number) =>
    ((a: number, b = a * 2, c = a + b) => [a, b, c])(x),
  );
});

describe("frontend: objects and arrays", () => {
  agrees("literals, spread, computed keys", (x: number, y: number) => {
    const key = "k";
    const base = { a: x, b: [x, y] };
    return { ...base, [key + 1]: y, ["m"]: x * y, nested: { ...base, a: 2 }, list: [...base.b, 1] };
  });
  agrees("destructuring", (x: number, y: number) => {
    const {
      a,
      b: { c = 5, ...more },
      ...rest
    } = { a: x, b: { d: y, e: 1 } as { c?: number; d: number; e: number }, f: 3, g: 4 };
    const [p, , q = x, ...tail] = [1, 2, undefined, x, y];
    let m = 1;
    let n = 2;
    [m, n] = [n, m * x];
    ({ m, n: n = 3 } = { m: m + n, n: n });
    return [a, c, more, rest, p, q, tail, m, n];
  });
  agrees("aliases", (x: number) => {
    const a = { v: x };
    const b = a;
    b.v += 1;
    const list = [a, b];
    const first = list[0];
    if (first !== undefined) first.v *= 2;
    const copy = { ...a };
    return [a.v, b.v, a === b, list[0] === list[1], copy === a];
  });
  agrees("optional chaining and ??", (x: number) => {
    const o: { a?: { b: number }; f?: (n: number) => number } = { a: { b: x } };
    const none: { a?: { b: { c: number } } } = {};
    const nothing = [null as number | null];
    return [o.a?.b, none.a?.b.c, o.f?.(1), o.a?.b ?? 3, none.a ?? x, nothing[0] ?? 2];
  });
  agrees("array methods", (x: number, y: number) => {
    const a = [x, y, 3];
    const b = a.map((v, i) => v * i);
    b.push(1, x);
    const popped = b.pop();
    const filled = new Array(3).fill(x);
    filled[1] = y;
    return [
      b,
      popped,
      filled,
      a.reduce((s, v) => s + v),
      a.reduce((s, v) => s + v, 10),
      a.slice(1).concat([7], 8),
      a.filter((_, i) => i !== 1),
      [1, 2, 3].some((v) => v > 2),
      [1, 2, 3].every((v) => v > 2),
      a.at(-1),
      [...a].reverse(),
      [1, 2].join("-"),
      Array.from({ length: 3 }, (_, i) => i * x),
      Array.from([1, 2]),
      [...a.entries()].map(([i, v]) => i + v),
      [3, 1, 2].sort(),
      [3, 1, 2].toSorted((p, q) => q - p),
      [[1, [x]], [2]].flat(),
      a.flatMap((v) => [v, 1]),
      [1, 2, 3].indexOf(2),
      [1, 2, 3].includes(3),
      a.length,
      a.with(0, 9),
      [1, 2, 3].find((v) => v > 1),
    ];
  });
  agrees("forEach, splice, shift, unshift", (x: number) => {
    const a = [1, 2, 3, 4];
    let s = x;
    a.forEach((v) => {
      s += v;
    });
    const cut = a.splice(1, 2, 9);
    const first = a.shift();
    a.unshift(x);
    return [s, cut, first, a];
  });
  agrees("Object.*", (x: number, y: number) => {
    const o = { b: x, a: y, 2: 1, 1: 0 };
    return [
      Object.keys(o),
      Object.values(o),
      Object.entries(o),
      Object.fromEntries(Object.entries(o).map(([k, v]) => [k + k, v * 2])),
      Object.assign({ z: 1 }, o),
    ];
  });
  agrees("template strings", (x: number) => {
    const names = ["w", "b"];
    return Object.fromEntries(names.map((n, i) => [`${n}_${i + 1}`, x * i]));
  });
  agrees("a class with parameter properties", (x: number, y: number) => {
    class Point {
      constructor(
        readonly a: number,
        readonly b = 2,
      ) {}
      get product(): number {
        return this.a * this.b;
      }
    }
    return [new Point(x).product, new Point(x, y).product];
  });
});

describe("frontend: control flow", () => {
  agrees("loops over static bounds", (x: number) => {
    let s = 0;
    for (let i = 0; i < 4; i++) {
      if (i === 2) continue;
      s += x * i;
    }
    let k = 0;
    while (true) {
      k++;
      if (k > 3) break;
    }
    do s += 1;
    while (k-- > 0);
    for (const v of [1, x, 3]) s -= v;
    const o: Record<string, number> = { a: 1, b: x };
    for (const key in o) s += o[key] ?? 0;
    return s;
  });
  agrees(
    "labels",
    (x: number) => {
      let s = x;
      outer: for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          if (j === 1) continue outer;
          if (i === 2) break outer;
          s += i + j;
        }
      }
      block: {
        s += 1;
        if (s === s) s += 0;
        break block;
      }
      return s;
    },
    [[1]],
  );
  const switches = new Function(
    "x",
    `const out = [];
     for (const k of [0, 1, 2, 5]) {
       switch (k) {
         case 0: out.push(x);
         case 1: out.push(x + 1); break;
         default: out.push(-1);
         case 5: out.push(5);
       }
     }
     return out;`,
  ) as (x: number) => number[];
  agrees("switch, with and without break", switches);
  agrees("early return on static conditions", (x: number) => {
    const f = (mode: string) => {
      if (mode === "a") return x;
      for (const k of [1, 2]) if (k === 2) return x * k;
      return 0;
    };
    return [f("a"), f("b")];
  });
  agrees(
    "logical operators and ternaries on static values",
    (x: number) => {
      let n: number | null = null;
      n ??= 3;
      let flag = true;
      flag &&= n > 2;
      let zero = 0;
      zero ||= 7;
      return [n, flag, zero, flag ? x : 0, (flag && x) || 1];
    },
    [[2]],
  );
});

describe("frontend: captures", () => {
  agrees("constants, strings, structure", (x: number) => [K * x, config.name, config.layers.length, x > 0]);
  agrees("number properties are read at every call", (x: number) => x * config.rate);
  agrees("number arrays", (x: number) => [table[1], x + (table[2] ?? 0)]);
  agrees("a number needed at compile time", (x: number) =>
    config.layers.map((l) => new Array(l.size).fill(x)),
  );
  agrees(
    "a number argument needed at compile time",
    (n: number, x: number) => {
      let s = x;
      for (let i = 0; i < n; i++) s *= 2;
      return [s, n > 2 ? "big" : "small"];
    },
    [
      [3, 1.5],
      [2, 1],
    ],
  );

  it("number arguments that decided something are reported", () => {
    const f = (n: number, x: number) => new Array(n).fill(x);
    deepStrictEqual(stageCall(f, [3, 2]).staticLeaves, [0]);
  });
  it("a property is a hidden argument that is read anew", () => {
    const own = { rate: 2 };
    const f = (x: number) => x * own.rate;
    deepStrictEqual(runStaged(f, [3]), 6);
    const staged = stageCall(f, [3]);
    own.rate = 5;
    deepStrictEqual(
      staged.captures.filter((c) => c.expect.kind === "staged").map((c) => c.read()),
      [5],
    );
  });
  it("variables may be handed over instead of inspected", () => {
    const f = new Function("x", "return x * factor + helper(x)");
    const scope = () => ({ factor: 4, helper: (v: number) => v + 1 });
    deepStrictEqual(runStaged(f, [2], scope), 11);
  });
});
