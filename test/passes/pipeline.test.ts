import assert from "node:assert/strict";
import { TscJitError } from "../../compiler/diagnostics.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { parseFunction } from "../../compiler/ir/parse.js";
import { lastPasses, type Pass, type PassRun, passes, runPasses } from "../../compiler/passes/pipeline.js";

const sample = () =>
  parseFunction(`fn f(%0:f32[2]) {
    %1:f32[2] = const {value=1, dtype=f32, shape=[2]}
    %2:f32[2] = mul %0 %1
    %3:f32[2] = sin %2
    %4:f32[2] = sin %0
    %5:f32[2] = mul %3 %4
    return %5
  }`);

/** Runs `f` with environment variables set, and gives what it wrote to stderr. */
const withEnv = (env: Readonly<Record<string, string>>, f: () => void): string => {
  const before = { ...process.env };
  const original = console.error;
  const lines: string[] = [];
  console.error = (...parts: readonly unknown[]) => void lines.push(parts.join(" "));
  Object.assign(process.env, env);
  try {
    f();
  } finally {
    console.error = original;
    for (const key of Object.keys(env)) {
      if (before[key] === undefined) delete process.env[key];
      else process.env[key] = before[key];
    }
  }
  return lines.join("\n");
};

const broken: Pass = { name: "broken", run: (fn) => ({ ...fn, body: fn.body.slice(1) }) };

describe("the pass harness", () => {
  it("runs the passes to a fixed point and reports each run", () => {
    const seen: PassRun[] = [];
    const fn = sample();
    const { fn: after, runs } = runPasses(fn, { onPass: (run) => seen.push(run) });
    assert.deepEqual(seen, runs);
    assert.deepEqual(
      runs.map((r) => r.name),
      [...passes.filter((p) => p.late !== true), ...passes, ...lastPasses].map((p) => p.name),
    );
    assert.deepEqual(
      after.body.map((eqn) => eqn.op),
      ["sin", "mul"],
    );
    assert.equal(runs[0]?.before, fn);
    runs.slice(1).forEach((run, k) => {
      assert.equal(run.before, runs[k]?.after);
      assert.ok(run.ms >= 0);
    });
  });

  it("gives the function itself where there is nothing to do", () => {
    const { fn } = runPasses(sample());
    assert.equal(runPasses(fn).fn, fn);
  });

  it("verifies after each pass if TSCJIT_VERIFY=1", () => {
    const run = () => runPasses(sample(), { passes: [broken] });
    withEnv({ TSCJIT_VERIFY: "1" }, () => {
      assert.throws(run, (e) => e instanceof TscJitError && e.diagnostics[0]?.kind === "internal");
    });
  });

  it("dumps the pass that TSCJIT_DUMP names, and no other", () => {
    const text = withEnv({ TSCJIT_DUMP: "cse" }, () => runPasses(sample()));
    assert.match(text, /; before cse\nfn f\([\s\S]*; after cse, [\d.]+ ms\nfn f\(/);
    assert.doesNotMatch(text, /simplify|dce/);
  });

  it("dumps every pass that changes something if TSCJIT_DEBUG=3", () => {
    const text = withEnv({ TSCJIT_DEBUG: "3" }, () => runPasses(sample()));
    assert.deepEqual(
      [...text.matchAll(/; before (\w+)/g)].map((m) => m[1]),
      ["simplify", "cse", "dce"],
    );
  });

  it("takes time linear in the number of equations", () => {
    const time = (equations: number): number => {
      const b = createBuilder();
      let x = b.param({ dtype: "f64", shape: [4] });
      while (b.body().length < equations) x = b.mul(b.sin(x), b.add(x, b.splat(1, x.type)));
      const fn = b.finish("chain", [x]);
      const start = performance.now();
      runPasses(fn);
      return performance.now() - start;
    };
    time(2000); // compiled by V8
    // 16 times the work: 16 times the time, 256 if it were quadratic; 4 in between for a busy machine
    const [small, large] = [Math.min(time(2000), time(2000), time(2000)), time(32_000)];
    assert.ok(large < 4 * 16 * small + 100, `${small} ms, then ${large} ms`);
  });
});
