/**
 * The corpus: numerical functions written as plain TypeScript. Each is compiled and must give what it gives as plain
 * JavaScript, to the last bit or within the tolerance that its file derives.
 */
import assert from "node:assert/strict";
import { TscJitError } from "../../compiler/diagnostics.js";
import { jit } from "../../runtime/jit.js";
import type { Callable } from "../../runtime/types.js";
import "../../runtime/index.js";
import { copy, difference, toPlain } from "./compare.js";
import { loadCorpus } from "./corpus.js";

/** Functions outside the language as it is today, with the code of their refusal. */
const notYet: Readonly<Record<string, string>> = {};

const themes = await loadCorpus();

describe("corpus", () => {
  it("has at least sixty functions, and lists no other as refused", () => {
    const names = [...themes.values()].flatMap((cases) => Object.keys(cases));
    assert.ok(names.length >= 60);
    assert.equal(new Set(names).size, names.length, "a name is used twice");
    for (const name of Object.keys(notYet)) assert.ok(names.includes(name), name);
  });

  for (const [theme, cases] of themes) {
    describe(theme, () => {
      for (const [name, { fn, inputs, exact }] of Object.entries(cases)) {
        const refused = notYet[name];
        const compiled = jit(fn as Callable, { strict: true });
        const call = (f: Callable, input: readonly unknown[]) =>
          toPlain(Reflect.apply(f, undefined, input.map(copy)));
        if (refused !== undefined) {
          it(`${name} is refused with ${refused}`, () => {
            for (const input of inputs)
              assert.throws(
                () => call(compiled, input),
                (e) => e instanceof TscJitError && e.code === refused && e.code.startsWith("TSJ1"),
              );
          });
          continue;
        }
        it(name, () => {
          for (const [k, input] of inputs.entries()) {
            const want = call(fn as Callable, input);
            assert.equal(difference(call(compiled, input), want, exact), null, `input ${k}`);
          }
        });
      }
    });
  }
});
