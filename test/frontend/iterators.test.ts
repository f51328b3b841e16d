/** Loops over arrays that are written to meanwhile: an item is read when its turn comes, as in plain JavaScript. */
import { agrees } from "./agrees.js";

const ARRAYS = [[Float64Array.of(3, 1, 2)], [Float64Array.from({ length: 20 }, (_, k) => k + 0.5)]];

describe("frontend: iterators of arrays that change", () => {
  agrees(
    "entries of a parameter",
    (x: Float64Array) => {
      for (const [i, e] of x.entries()) x[(i + 1) % x.length] = (x[(i + 1) % x.length] ?? 0) + e;
      return x;
    },
    ...ARRAYS,
  );
  agrees(
    "values, and the keys of what is added",
    (x: Float64Array) => {
      let i = 0;
      let s = 0;
      for (const e of x.values()) {
        i++;
        x[i % x.length] = (x[i % x.length] ?? 0) * 0.5 + e;
      }
      for (const k of x.keys()) s += k;
      return [x, s];
    },
    ...ARRAYS,
  );
  agrees(
    "entries of a list, of a literal and of records",
    (x: Float64Array) => {
      const list = [...x];
      for (const [i, e] of list.entries()) list[(i + 1) % list.length] = e + i;
      const three = [x[0] ?? 0, x[1] ?? 0, 3];
      for (const [i, e] of three.entries()) three[(i + 1) % 3] = e * 2;
      const records = [{ a: x[0] ?? 0 }, { a: x[1] ?? 0 }];
      let s = 0;
      for (const [i, r] of records.entries()) {
        records[1] = { a: 50 };
        s += r.a * (i + 1);
      }
      return { list, three, s };
    },
    ...ARRAYS,
  );
  agrees(
    "an iterator that is kept sees what happens before it is used",
    (x: Float64Array) => {
      const y = [...x];
      const pairs = y.entries();
      y[1] = 40;
      return [...pairs].map(([k, e]) => k * e);
    },
    ...ARRAYS,
  );
  agrees(
    "Array.from with a function reads as it goes, Float64Array.from reads first",
    (x: Float64Array) => {
      const y = [...x];
      const z = [...x];
      const a = Array.from(y, (e, k) => {
        y[(k + 1) % y.length] = e + 1;
        return e;
      });
      const b = Float64Array.from(z, (e, k) => {
        z[(k + 1) % z.length] = e + 1;
        return e;
      });
      return { a, b, y, z };
    },
    ...ARRAYS,
  );
  agrees(
    "elements that are taken apart into themselves",
    (x: Float64Array) => {
      [x[1], x[2]] = x as unknown as [number, number];
      const y = [...x];
      [y[2], y[0], ...[y[1]]] = y as [number, number, number];
      return [x, y];
    },
    ...ARRAYS,
  );
});
