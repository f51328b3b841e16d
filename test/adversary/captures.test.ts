/** Captured objects that change between calls in ways that once went unseen. */
import assert from "node:assert/strict";
import { jit } from "../../runtime/index.js";

class Doubler {
  k = 2;
  static by = 2;
  static apply(x: number): number {
    return x * 2;
  }
  f(x: number): number {
    return x * this.k;
  }
}
class Adder {
  k = 3;
  f(x: number): number {
    return x + this.k;
  }
}

describe("captures that change between calls", () => {
  it("one object in two places, of which one gets another", () => {
    const shared = { k: 2 };
    const o = { a: shared, b: shared };
    const f = jit((x: number) => x * o.a.k + x * o.b.k * 10);
    assert.equal(f(1), 22);
    o.b = { k: 9 };
    assert.equal(f(1), 92);
    o.a = { k: 1 };
    assert.equal(f(1), 91);
    o.a = o.b;
    assert.equal(f(1), 99);
  });

  it("one array in two places, of which one gets another of the same length", () => {
    const shared = [{ k: 2 }];
    const o = { a: shared, b: shared };
    const f = jit((x: number) => {
      let s = 0;
      for (const e of o.a) s += e.k * x;
      for (const e of o.b) s += e.k * x * 10;
      return s;
    });
    assert.equal(f(1), 22);
    o.b = [{ k: 3 }];
    assert.equal(f(1), 32);
  });

  it("objects that are compared", () => {
    const o = { a: { k: 1 }, b: { k: 1 } };
    const f = jit((x: number) => (o.a === o.b ? x : -x));
    assert.equal(f(1), -1);
    o.b = o.a;
    assert.equal(f(1), 1);
    o.a = { k: 1 };
    assert.equal(f(1), -1);
  });

  it("an object whose presence is tested", () => {
    const o: { m: object | null | number } = { m: {} };
    const f = jit((x: number) => (o.m ? x : -x));
    assert.equal(f(1), 1);
    o.m = null;
    assert.equal(f(1), -1);
    o.m = [{}];
    assert.equal(f(1), 1);
    o.m = 0;
    assert.equal(f(1), -1);
  });

  it("an instance that gives way to one of another class", () => {
    const o: { m: Doubler | Adder } = { m: new Doubler() };
    const f = jit((x: number) => o.m.f(x));
    const g = jit((x: number) => (o.m instanceof Adder ? x : -x));
    assert.deepEqual([f(5), g(5)], [10, -5]);
    o.m = new Adder();
    assert.deepEqual([f(5), g(5)], [8, 5]);
    o.m.k = 4;
    assert.equal(f(5), 9);
  });

  it("methods of a prototype and of a class", () => {
    const m = new Doubler();
    const f = jit((x: number) => m.f(x) + Doubler.apply(x) * Doubler.by);
    assert.equal(f(5), 30);
    const { f: method } = Doubler.prototype;
    const { apply } = Doubler;
    try {
      Doubler.prototype.f = () => 100;
      assert.equal(f(5), 120);
      Doubler.apply = (x) => x;
      assert.equal(f(5), 110);
      Doubler.by = 3;
      assert.equal(f(5), 115);
    } finally {
      Object.assign(Doubler.prototype, { f: method });
      Object.assign(Doubler, { apply, by: 2 });
    }
  });

  it("a regular expression that gives way to another", () => {
    const o = { re: /a/ };
    const f = jit((x: number) => (o.re.test("b") ? x : -x));
    assert.equal(f(1), -1);
    o.re = /b/;
    assert.equal(f(1), 1);
  });

  it("imported variables that their module assigns to again", async () => {
    const module = await import("../fixtures/modules/importer.mjs");
    const refused = (name: string) => ({
      code: "TSJ1010",
      message: new RegExp(`\`${name}\` is captured[^]*counter\\.mts:4`),
    });
    assert.throws(() => jit(module.byName)(1), refused("counter"));
    assert.throws(() => jit(module.byOtherName)(1), refused("renamed"));
    assert.equal(jit(module.constant)(1), 15);
    const f = jit(module.throughNamespace);
    assert.equal(f(10), 10);
    module.next();
    assert.equal(f(10), 20);
  });

  it("a variable that the step of a loop changes, which did not declare it", () => {
    let shared = 0;
    const wrong: ((x: number) => number)[] = [];
    for (let i = 0; i < 2; i++, shared++) wrong.push(jit((x: number) => x * shared));
    assert.throws(() => wrong[0]?.(1), { code: "TSJ1010" });
    const own: ((x: number) => number)[] = [];
    for (let i = 0, k = 0; i < 3; i++, k += 2) own.push(jit((x: number) => x * k));
    assert.deepEqual(
      own.map((f) => f(1)),
      [0, 2, 4],
    );
  });
});
