/** Values whose kind differs between paths: what looks at their kind decides the path, or is refused; it never guesses. */
import { throws } from "node:assert/strict";
import { agrees } from "./agrees.js";
import { runStaged } from "./harness.js";

const POINTS = [[3], [300]];
type Loose = number | undefined;

describe("frontend: values whose kind differs between paths", () => {
  agrees(
    "compared with undefined and null",
    (x: number) => {
      let v: Loose;
      if (x > 100) v = 1;
      let w: number | null = null;
      for (let i = 0; i < x - 100; i++) w = i;
      return [v === undefined, v !== undefined, v == null, w === null, [v, 1].includes(undefined)].map(
        Number,
      );
    },
    ...POINTS,
  );
  agrees(
    "in a switch, as the result of a function and of find",
    (x: number) => {
      const f = (q: number): Loose => (q > 100 ? q : undefined);
      const v = f(x);
      const found = [x, 2].find((e) => e > 100);
      switch (v) {
        case undefined:
          return found === undefined ? 5 : 6;
        default:
          return found === undefined ? 7 : 8;
      }
    },
    ...POINTS,
  );
  agrees(
    "an array on one path",
    (x: number) => {
      const v = x > 100 ? [1, x] : x;
      return Array.isArray(v) ? v.length : 0;
    },
    ...POINTS,
  );
  agrees(
    "fields that are there on one path",
    (x: number) => {
      const o: Record<string, number> = { a: 1 };
      if (x > 100) o.b = 2;
      let s = 0;
      for (const key in o) s += o[key] ?? 0;
      const { a, ...rest } = o;
      const copy = { ...o, c: 3 };
      return [
        s,
        "b" in o ? 1 : 2,
        Object.keys(o).length,
        Object.values(copy).length,
        Object.keys(rest).length,
        a,
      ];
    },
    ...POINTS,
  );

  const refused = (name: string, fn: (x: Float64Array) => unknown, code = /TSJ1103/): void => {
    it(`${name} is refused where the path is known only at run time`, () => {
      throws(() => runStaged(fn, [Float64Array.of(3)]), code);
    });
  };
  refused("a text that may be undefined", (x) => {
    let v: string | undefined;
    if ((x[0] ?? 0) > 100) v = "a";
    return v === undefined ? 1 : 2;
  });
  refused("a list of fields", (x) => {
    const o: Record<string, number> = { a: 1 };
    if ((x[0] ?? 0) > 100) o.b = 2;
    return Object.keys(o).length;
  });
  refused("a field that is looked for", (x) => {
    const o: Record<string, number> = { a: 1 };
    if ((x[0] ?? 0) > 100) o.b = 2;
    return "b" in o ? 1 : 2;
  });
  refused("a comparison of objects one of which may be the other", (x) => {
    const p = [x[0] ?? 0];
    const z = (x[0] ?? 0) > 100 ? p : [1];
    return z === p ? 1 : 2;
  });
  /** What `use` sees of p after z, which may be p, was written to. */
  const written =
    (use: (p: number[]) => unknown) =>
    (x: Float64Array): unknown => {
      const [p, q] = [
        [x[0] ?? 0, 1],
        [2, 3],
      ];
      const z = (x[0] ?? 0) > 100 ? p : q;
      z[0] = 100;
      return use(p);
    };
  const uses: Readonly<Record<string, (p: number[]) => unknown>> = {
    "an element": (p) => p[0],
    "the result": (p) => [p],
    "a copy": (p) => [...p],
    "a loop": (p) => {
      let s = 0;
      for (const e of p) s += e;
      return s;
    },
    "a method": (p) => p.map((e) => e + 1),
  };
  for (const [name, use] of Object.entries(uses))
    refused(`${name} of a list that may have been written to under another name`, written(use), /TSJ1024/);
  refused(
    "an object as a result that may have been written to under another name",
    (x) => {
      const [p, q] = [{ a: x[0] ?? 0 }, { a: 1 }];
      const z = (x[0] ?? 0) > 100 ? p : q;
      z.a = 100;
      return [p];
    },
    /TSJ1024/,
  );
});
