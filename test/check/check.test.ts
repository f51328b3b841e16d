/** What `tsc-jit check` finds, and what it must not take for a fault. */
import { deepStrictEqual as same } from "node:assert/strict";
import { faults, findings } from "./harness.js";

const AXIS = "error TSJ2010";

describe("check: which functions", () => {
  it("those handed to a transform, under any name of it", () => {
    const uses = [
      "jit((x: Tensor<[3], 'f32'>) => np.sum(x, 1));",
      "import { jit as compile } from 'tsc-jit'; compile((x: Tensor<[3], 'f32'>) => np.sum(x, 1));",
      "import * as tj from 'tsc-jit'; tj.jit((x: Tensor<[3], 'f32'>) => tj.np.sum(x, 1));",
      "const { jit: own } = require('tsc-jit'); own((x: Tensor<[3], 'f32'>) => np.sum(x, 1));",
      "const compile = jit; compile(((x: Tensor<[3], 'f32'>) => np.sum(x, 1)));",
      "import { compile } from './lib.js'; compile((x: Tensor<[3], 'f32'>) => np.sum(x, 1));",
    ];
    const files = { "lib.ts": "import { jit } from 'tsc-jit'; export { jit as compile };" };
    for (const use of uses) same(faults(use, files), [`${AXIS} 2`], use);
    same(faults("const jit2 = (f: unknown) => f; jit2((x: Tensor<[3], 'f32'>) => np.sum(x, 1));"), []);
    same(
      faults("function f(jit: (g: unknown) => void) { jit((x: Tensor<[3], 'f32'>) => np.sum(x, 1)); }"),
      [],
    );
  });

  it("by name, by declaration, nested in transforms, imported, and in functions", () => {
    const loss = "const loss = (x: Tensor<[3], 'f32'>) => np.sum(x, 1);";
    same(faults(`${loss}\nexport const f = jit(grad(loss));`), [`${AXIS} 2`]);
    same(faults(`${loss}\nvalueAndGrad(loss); hessian(loss);`), [`${AXIS} 2`]);
    same(faults("jit(f);\nfunction f(x: Tensor<[3], 'f32'>) { return np.sum(x, 1); }"), [`${AXIS} 3`]);
    same(faults("const make = () => {\n  return jit((x: Tensor<[3], 'f32'>) => np.sum(x, 1)); };"), [
      `${AXIS} 3`,
    ]);
    same(faults(`${loss}\njvp(loss, [tensor([1])], [tensor([1])]); vjp(loss, tensor([1]));`), [`${AXIS} 2`]);
    const files = { "lib/loss.ts": `import { np, type Tensor } from "tsc-jit"; export ${loss}` };
    same(faults("import { loss as l } from './lib/loss.js'; jit(l);", files), [`${AXIS} 1`]);
    same(faults("import * as lib from './lib/loss'; jit(lib.loss);", files), [`${AXIS} 1`]);
    const through = { ...files, "lib/index.ts": 'export * from "./loss.js";' };
    same(faults("import { loss } from './lib'; jit(loss);", through), [`${AXIS} 1`]);
  });

  it("vmap with one more axis", () => {
    same(faults("vmap((x: Tensor<[3], 'f32'>) => np.sum(x, 0));"), []);
    same(faults("vmap((x: Tensor<[3], 'f32'>) => np.sum(x, 1));"), [`${AXIS} 2`]);
    same(faults("vmap((x: Tensor<[3], 'f32'>, y: number) => x * y, { inAxes: [1, 0] });"), []);
    same(faults("vmap((x: Tensor<[3], 'f32'>, y: number) => x * y, { inAxes: [0] });"), ["error TSJ3020 2"]);
    same(faults("vmap((x: Tensor<[3], 'f32'>) => x, { axes: 0 });"), ["error TSJ1054 2"]);
  });

  it("grad needs a number as the result", () => {
    same(faults("grad((x: Tensor<[3], 'f32'>) => x * 2);"), ["error TSJ3001 2"]);
    same(faults("grad((x: Tensor<[3], 'i32'>) => np.sum(x));"), ["error TSJ3012 2"]);
  });
});

describe("check: shapes from types", () => {
  it("aliases, generics, interfaces, tuples, defaults, imported types", () => {
    const prelude = `
      type Row<N extends number, D extends 'f32' | 'f64' = 'f32'> = Tensor<[N], D>;
      interface Layer { readonly w: Row<4>; b?: Row<4> }
      import type { Net } from "./types.js";`;
    const files = {
      "types.ts": `import type { Tensor } from "tsc-jit";
        type V = Tensor<[2], "f32">;
        export interface Net { readonly layers: readonly [V, V]; scale: number }`,
    };
    const of = (fn: string) => faults(`${prelude}\njit(${fn});`, files);
    same(of("(l: Layer) => np.dot(l.w, np.ones([3]))"), ["error TSJ2001 6"]);
    same(of("(x: Row<3, 'f64'>) => np.dot(x, np.ones([4]))"), ["error TSJ2001 6"]);
    same(of("({ layers: [a, b], scale }: Net) => np.dot(a, np.ones([3])) + b * scale"), ["error TSJ2001 6"]);
    same(of("(p: [number, number, number]) => np.dot(p, np.ones([2]))"), ["error TSJ2001 6"]);
    same(of("(x: readonly [Row<2>, Row<3>]) => np.add(x[0], x[1])"), ["error TSJ2101 6"]);
    same(of("(x: Row<3>, axis: 2) => np.sum(x, axis)"), [`${AXIS} 6`]);
    same(of("(l: Layer) => np.dot(l.b, np.ones([3]))"), []);
  });

  it("what a type does not say is unknown, and said to be", () => {
    same(findings("jit((x: Tensor, y: Tensor<[3], 'f32'>) => np.dot(x, y) + np.sum(y, 2));"), [
      "note TSJ7001 2: not checked in full: the type of `x` says no shape",
      "error TSJ2010 2: axis 2 is out of range for rank 1",
    ]);
    same(
      findings(
        "jit((xs: number[], ys: Float64Array, n: number) => xs[0]! + ys.length + new Array(n).length);",
      ),
      [
        "note TSJ7001 2: not checked in full: the type of `xs`, `ys` says no length",
        "note TSJ7001 2: not checked in full: the value of `n` is known only at a call",
      ],
    );
    same(findings("jit(<T extends number>(x: T, y, k?: number) => [x, y, k]);"), [
      "note TSJ7001 2: not checked in full: nothing is known of `x`, `y` before a call",
    ]);
    same(findings("declare const f: (x: number) => number;\njit(f);"), [
      "note TSJ7001 2: not checked in full: `f`: known only when the program runs",
    ]);
  });

  it("a number may be an array at a call: what only numbers are refused for is a warning", () => {
    same(findings("jit((x: number) => np.sum(x, 1));"), [
      "warning TSJ2010 2: axis 1 is out of range for rank 0 (where it is called with numbers)",
    ]);
    same(faults("jit((x: number) => Math.random() + x);"), ["error TSJ1030 2"]);
  });
});

describe("check: captured variables", () => {
  it("constants are computed, as far as they can be", () => {
    const prelude = `
      enum Axis { Rows, Columns = 3 }
      const size = 2 * 3, config = { axis: size - 1, names: ["a"] };
      const [first, { deep }] = [4, { deep: size }] as const;
      const table = Float64Array.from({ length: 5 }, (_, k) => k * k);
      const weights = tensor([1, 2]), wide = np.ones([size, 2]);
      function helper(x: number) { return np.dot(x, table); }`;
    const of = (body: string) => faults(`${prelude}\njit((x: Tensor<[3], 'f32'>) => ${body});`);
    same(of("np.sum(x, config.axis)"), [`${AXIS} 9`]);
    same(of("np.sum(x, Axis.Columns) + np.sum(x, Axis.Rows)"), [`${AXIS} 9`]);
    same(of("np.sum(x, first) + np.sum(x, deep)"), [`${AXIS} 9`, `${AXIS} 9`]);
    same(of("helper(x)"), ["error TSJ2001 8"]);
    same(of("np.dot(x, weights)"), ["error TSJ2001 9"]);
    same(of("np.dot(wide, x)"), ["error TSJ2001 9"]);
    same(of("{ config.axis = 2; table[0] = 1; return x; }"), ["error TSJ1021 9", "error TSJ1021 9"]);
    same(of("config.names[0] === 'a' ? x : np.sum(x, 1)"), []);
  });

  it("what only a run tells is unknown", () => {
    const prelude = `
      import { readFileSync } from "node:fs";
      const text = readFileSync("data.json", "utf8");
      const data = JSON.parse(text);
      const argument = Number(process.argv[2]);
      const list: number[] = []; list.push(1);
      const filled = [1, 2]; fill(filled);
      function fill(a: number[]) { a.length = 9; }
      const start = Date.now();`;
    const of = (body: string) => faults(`${prelude}\njit((x: Tensor<[3], 'f32'>) => ${body});`);
    same(of("np.sum(x, data.axis)"), []);
    same(of("np.sum(x, argument)"), []);
    same(of("np.dot(x, list)"), []);
    same(of("np.dot(x, filled)"), []);
    same(of("x * start + text.length"), []);
    same(of("argument > 3 ? np.sum(x, 1) : x"), ["warning TSJ2010 11"]);
    same(
      findings(`${prelude}\njit((x: Tensor<[3], 'f32'>) => np.sum(x, data.axis));`).map((f) =>
        f.replace(/.*: (?=`)/, ""),
      ),
      ["`data`: known only when the program runs"],
    );
  });

  it("bound and native functions are no source", () => {
    const bound = "const bound = ((x: number) => x).bind(null);";
    same(faults(`${bound}\njit((x: number) => bound(x));`), ["error TSJ1002 3"]);
    for (const fn of ["bound", "Math.max"])
      same(findings(`${bound}\njit(${fn});`), [
        "note TSJ7001 3: not checked in full: which function it is: known only when the program runs",
      ]);
    same(findings("jit(np.sum); vmap(nn.relu);"), []);
  });

  it("one that is assigned to again is a fault, here and in the module that exports it", () => {
    same(faults("let k = 0; k++;\njit((x: number) => x * k);"), ["error TSJ1010 3"]);
    same(faults("let k = 0;\njit((x: number) => x * k);"), []);
    const files = { "lib.ts": "export let k = 1;\nexport const next = () => { k += 1; };" };
    same(faults("import { k } from './lib.js';\njit((x: number) => x * k);", files), ["error TSJ1010 3"]);
  });

  it("of the function around it: its parameters are known only when it runs", () => {
    const of = (body: string) =>
      faults(`const make = (size: number, w: Tensor<[2], 'f32'>) => {\n  const axis = 1;
        return jit((x: Tensor<[3], 'f32'>) => ${body}); };`);
    same(of("np.sum(x, size)"), []);
    same(of("np.sum(x, axis)"), [`${AXIS} 4`]);
    same(of("np.dot(x, w)"), ["error TSJ2001 4"]);
  });
});

describe("check: TypeScript's own syntax", () => {
  it("is read as what runs", () => {
    same(
      findings(`
      class Point { readonly norm: number; declare tag: string; [key: string]: unknown;
        constructor(readonly x: number, private y = 2, public z?: number) { this.norm = Math.hypot(x, y); }
        length(this: Point): number { return this.x * this.y + this.norm; } }
      abstract class Shape { abstract area(): number; twice() { return 2 * this.area(); } }
      class Square extends Shape { constructor(private side: number) { super(); } area() { return this.side ** 2; } }
      function over(x: number): number;
      function over(x: string): string;
      function over(x: unknown): unknown { return x; }
      export const f = jit((x: number, xs: [number, number, number]) => {
        type Local = { a: number };
        interface Other { b: number }
        enum Colour { Red = 1, Blue }
        const copy = Float64Array.from(xs);
        copy[0]! += (copy[1] as number) * 2;
        (copy[2] as number) = <number>x;
        copy[0]!++;
        let local: Local | Other = { a: 1 } satisfies Local;
        const p = new Point(x, 3)!;
        return p.length!() + new Square(x).twice() + Colour.Blue + (over as (y: number) => number)(x) + copy[0]! + (local as Local).a;
      });`),
      [],
    );
  });
});

describe("check: loops, branches and calls with unknown values", () => {
  it("are looked into, without faults that only follow", () => {
    same(
      faults(`
      const inner = (rows: number[][], k: number) => {
        let best = 0;
        for (let i = 0; i < rows.length; i++) {
          const row = rows[i]!;
          for (const v of row) { if (v > best) best = v; else continue; }
          if (row.length === k) break;
        }
        while (best > 1) best /= 2;
        switch (k) { case 1: return best; case 2: best++; break; default: best--; }
        const map = new Map<number, number[]>();
        rows.forEach((row, i) => { map.set(i, row); row.sort((a, b) => a - b); });
        return rows.map((r) => r.reduce((a, b) => a + b, 0)).filter((s) => s > best).length + best;
      };
      jit((rows: number[][], k: number) => inner(rows, k) > 0 ? { k } : null);`),
      [],
    );
  });

  it("recursion that an unknown value ends is not followed", () => {
    same(faults("const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));\njit(fib);"), []);
    same(faults("const down = (n: number): number => down(n + 1);\njit(down);"), ["error TSJ1111 2"]);
  });

  it("find what is written there whatever the values are", () => {
    same(
      faults(`jit((xs: number[]) => {
        for (const x of xs) console.log(x);
        const ys = xs.map((x) => x + Math.random());
        try { ys.pop(); debugger; } catch { return 0; }
        return ys.length;
      });`),
      ["error TSJ1030 3", "error TSJ1030 4", "error TSJ1040 5"],
    );
  });
});
