/** Control flow in WASM: hand-written programs against plain JavaScript, numbers without memory, and failures. */
import assert from "node:assert/strict";
import { lowerProgram } from "../../../compiler/kernel/lower.js";
import {
  collatz,
  congruential,
  fixtures,
  insertionSort,
  runningSums,
  sieve,
} from "../../kernel/control-fixtures.js";
import { load, PROFILES, ProgramTrap, prepare, runProgram } from "./harness.js";

describe("control flow in WASM", () => {
  for (const [name, { fn, args, plain }] of Object.entries(fixtures))
    it(`${name} is what plain JavaScript gives`, async () => {
      const wanted = plain(...args).map((x) => [...x]);
      for (const profile of PROFILES)
        for (const nests of [true, false]) {
          const program = lowerProgram(fn, { nests });
          const outputs = await runProgram(program, args, profile);
          const got = program.results.map((r) => [...((r.kind === "input" ? args : outputs)[r.index] ?? [])]);
          assert.deepEqual(got, wanted);
        }
    });

  it("Newton's iteration is a function from f64 to f64", async () => {
    const { newton } = fixtures;
    assert.ok(newton !== undefined);
    for (const nests of [true, false]) {
      const { exports } = await load(lowerProgram(newton.fn, { nests }), "base", 65536);
      const { call } = exports;
      assert.ok(typeof call === "function");
      assert.ok(Math.abs(Number(call(2)) - Math.SQRT2) < 1e-15);
      assert.equal(call(0), 0);
    }
  });

  // long loops run in chunks
  const long = {
    "a million steps of a generator": congruential(1e6),
    "running sums of 100,000 numbers": runningSums(1e5),
    "loops in a loop, 70,000 times": collatz(340),
    "insertion sort of 20,000 numbers": insertionSort(20_000),
    "sieve up to 100,000": sieve(1e5),
  };
  for (const [name, f] of Object.entries(long))
    it(name, async () => {
      const wanted = f.plain(...f.args).map((x) => [...x]);
      const program = lowerProgram(f.fn);
      const ready = await prepare(program, f.args, "base");
      // the second call starts anew
      for (const _ of [1, 2])
        assert.deepEqual(
          ready.run().map((x) => [...x]),
          wanted,
        );
    });

  it("an index out of range inside nested loops stops the program", async () => {
    const { fn } = insertionSort(8);
    const program = lowerProgram(fn);
    // NaN is not greater than anything: it stays where it is
    const outputs = await runProgram(program, [Float64Array.of(3, Number.NaN, 2, 1, 0, 5, 4, 6)]);
    assert.deepEqual([...(outputs[0] ?? [])], [3, Number.NaN, 0, 1, 2, 4, 5, 6]);
    const pair = fixtures["pair-with-sum"];
    assert.ok(pair !== undefined);
    const broken = {
      ...pair.fn,
      body: pair.fn.body.map((e) =>
        e.op === "const" && e.params.value === 40 ? { ...e, params: { ...e.params, value: 41 } } : e,
      ),
    };
    const lowered = lowerProgram(broken);
    const ready = await prepare(lowered, [pair.args[0] ?? new Int32Array(), Int32Array.of(9999)], "base");
    assert.throws(
      () => ready.run(),
      (e: unknown) =>
        e instanceof ProgramTrap &&
        e.detail === 40 &&
        /index \{\} is out of range for axis 0 of size 40/.test(lowered.errors[e.error]?.message ?? ""),
    );
  });
});
