/**
 * Golden tests of passes and transforms: each file of test/filetests is a header, an input function and what it must
 * become. `UPDATE=1` writes what it becomes today.
 *
 *     ; transform: vmap 3 1,0        (any number, in order: jvp MASK, vjp MASK, grad MASK, vmap SIZE MASK, linearize MASK)
 *     ; passes: simplify,dce         (in order; `all` is the whole pipeline)
 *     fn f(...) {...}
 *     ; ---
 *     fn f(...) {...}
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { gradFunction } from "../../autodiff/grad.js";
import { jvpFunction } from "../../autodiff/jvp.js";
import { linearizeFunction } from "../../autodiff/linearize.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import { parseFunction } from "../../compiler/ir/parse.js";
import { printFunction } from "../../compiler/ir/print.js";
import type { IrFunction, OpName } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { foldConstant } from "../../compiler/passes/fold.js";
import { lastPasses, type Pass, passes, runPasses } from "../../compiler/passes/pipeline.js";
import { type Rule, type RuleTable, rewrite } from "../../compiler/passes/rewrite.js";
import { rules } from "../../compiler/passes/simplify.js";
import { assertSameBits, tryInterpret } from "../properties/compare.js";
import { arrays } from "../properties/random-ir.js";

const DIR = new URL("../filetests/", import.meta.url);
const SEPARATOR = "; ---\n";

interface FileTest {
  readonly header: string;
  readonly input: string;
  readonly expected: string;
  readonly transforms: readonly string[];
  readonly passNames: readonly string[];
}

const read = (name: string): FileTest => {
  const text = readFileSync(new URL(name, DIR), "utf8");
  const [before = "", expected = ""] = text.split(SEPARATOR);
  const start = before.search(/^fn /m);
  assert.notEqual(start, -1, `${name} has no function`);
  const header = before.slice(0, start);
  const values = (key: string): readonly string[] =>
    [...header.matchAll(new RegExp(`^; ${key}: *(.*)$`, "gm"))].map((m) => (m[1] ?? "").trim());
  return {
    header,
    input: before.slice(start),
    expected: expected.trim(),
    transforms: values("transform"),
    passNames: values("passes").flatMap((list) => list.split(/, */)),
  };
};

const maskOf = (word: string | undefined): readonly boolean[] =>
  (word ?? "").split(",").map((w) => w === "1");

const transform = (fn: IrFunction, text: string): readonly IrFunction[] => {
  const [kind, first, second] = text.split(/ +/);
  switch (kind) {
    case "jvp":
      return [jvpFunction(fn, maskOf(first)).fn];
    case "vjp":
      return [vjpFunction(fn, maskOf(first)).fn];
    case "grad":
      return [gradFunction(fn, maskOf(first))];
    case "vmap":
      return [vmapFunction(fn, maskOf(second), Number(first))];
    case "linearize": {
      const { primal, linear } = linearizeFunction(fn, maskOf(first));
      return [primal, linear];
    }
    default:
      return assert.fail(`unknown transform ${kind}`);
  }
};

const passesOf = (names: readonly string[]): readonly Pass[] =>
  names.flatMap((name) => {
    if (name === "all") return passes;
    return [[...passes, ...lastPasses].find((p) => p.name === name) ?? assert.fail(`unknown pass ${name}`)];
  });

/** Each named pass once; the whole pipeline until nothing changes. */
const applyPasses = (fn: IrFunction, names: readonly string[]): IrFunction => {
  if (names.includes("all")) return runPasses(fn).fn;
  return passesOf(names).reduce((f, pass) => verify(pass.run(f)), fn);
};

/** The passes must not change one bit of any result, on ordinary and on special values. */
const checkValues = (before: IrFunction, after: IrFunction): void => {
  fc.assert(
    fc.property(fc.tuple(...before.params.map((p) => arrays(p.type))), (args) => {
      const wanted = tryInterpret(before, args);
      if (wanted === null) return;
      const got = tryInterpret(after, args);
      assert.ok(got !== null, "only the result refuses these arguments");
      assertSameBits(got, wanted, "after the passes");
    }),
    { numRuns: 200 },
  );
};

const files = readdirSync(DIR).filter((name) => name.endsWith(".ir"));

describe("filetests", () => {
  it("are there", () => assert.ok(files.length > 10));

  for (const name of files) {
    it(name, () => {
      const test = read(name);
      const input = verify(parseFunction(test.input));
      const transformed = test.transforms.reduce<readonly IrFunction[]>(
        (fns, text) => fns.flatMap((fn) => transform(fn, text)),
        [input],
      );
      const outputs = transformed.map((fn) => applyPasses(verify(fn), test.passNames));
      const got = outputs.map((fn) => printFunction(verify(fn))).join("\n\n");
      if (process.env.UPDATE === "1") {
        writeFileSync(new URL(name, DIR), `${test.header}${test.input}${SEPARATOR}${got}\n`);
      } else {
        assert.equal(got, test.expected);
      }
      transformed.forEach((fn, k) => {
        checkValues(fn, outputs[k] ?? assert.fail("an output is missing"));
      });
    });
  }
});

/** The rule tables, each rule telling when it applied. */
const watched = (applied: (rule: string) => void): RuleTable => {
  const watch = (op: string, rule: Rule<OpName>, k: number): Rule<OpName> => ({
    ...rule,
    apply: (r, inputs, params, type) => {
      const value = rule.apply(r, inputs, params, type);
      if (value !== null) applied(`${op} ${k}: ${rule.algebra}`);
      return value;
    },
  });
  return Object.fromEntries(
    Object.entries(rules).map(([op, list]) => [
      op,
      (list as readonly Rule<OpName>[]).map((rule, k) => watch(op, rule, k)), // each is only asked about its own op
    ]),
  ) as unknown as RuleTable; // the same keys
};

describe("rewriting rules", () => {
  it("are all exercised by the filetests", () => {
    const missing = new Set(
      Object.entries(rules).flatMap(([op, list]) => list.map((rule, k) => `${op} ${k}: ${rule.algebra}`)),
    );
    const table = watched((rule) => missing.delete(rule));
    for (const name of files) rewrite(parseFunction(read(name).input), table, foldConstant);
    assert.deepEqual([...missing], []);
  });
});
