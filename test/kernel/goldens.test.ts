/**
 * Golden prints of kernels: the fixtures' in `goldens/`, and small functions with their kernels in `filetests/`
 * (a header `; options: strict`, a function, `; ---`, its kernels). `UPDATE=1` writes what comes out today.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseFunction } from "../../compiler/ir/parse.js";
import type { IrFunction } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { type LowerOptions, lowerProgram } from "../../compiler/kernel/lower.js";
import { printProgram } from "../../compiler/kernel/print.js";
import { kernelsOf } from "../../compiler/kernel/walk.js";
import { adamStep, build, f32, layerNorm, meanSquaredError, optimised, softmax } from "./fixtures.js";

const GOLDENS = new URL("goldens/", import.meta.url);
const FILETESTS = new URL("filetests/", import.meta.url);
const SEPARATOR = "; ---\n";
const update = process.env.UPDATE === "1";

const fixtures: Readonly<Record<string, () => IrFunction>> = {
  softmax: () => build("softmax", [f32(64, 100)], (b, x) => [softmax(b, x)]),
  "layer-norm": () =>
    build("layerNorm", [f32(64, 100), f32(100), f32(100)], (b, x, scale, shift) => [
      layerNorm(b, x, scale, shift),
    ]),
  "mean-squared-error": () =>
    build("meanSquaredError", [f32(), f32(), f32(1000, 1000), f32(1000, 1000)], (b, w, c, x, y) => [
      meanSquaredError(b, w, c, x, y),
    ]),
  chain: () =>
    build("chain", [f32(1e6), f32(), f32()], (b, x, w, c) => {
      const wide = (v: typeof w) => b.broadcastScalar(v, x.type.shape);
      const t = b.tanh(b.add(b.mul(x, wide(w)), wide(c)));
      return [b.reduceSum(b.mul(t, t), [0])];
    }),
  "adam-step": () => adamStep({ batch: 128, inputs: 784, hidden: 128, classes: 10 }),
};

describe("kernels of fixtures", () => {
  for (const [name, make] of Object.entries(fixtures)) {
    it(name, () => {
      const text = `${printProgram(lowerProgram(optimised(make())))}\n`;
      const file = new URL(`${name}.txt`, GOLDENS);
      if (update) writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }

  it("a training step is ten kernels", () => {
    const step = adamStep({ batch: 128, inputs: 784, hidden: 128, classes: 10 });
    const kernels = kernelsOf(lowerProgram(optimised(step)).steps);
    // 5 products, the loss's rows and total, two bias gradients, Adam's scalars
    assert.ok(kernels.length <= 10, kernels.map((k) => k.name).join(", "));
  });
});

const optionsOf = (header: string): LowerOptions => {
  const words = /^; options: *(.*)$/m.exec(header)?.[1]?.split(" ") ?? [];
  return { strict: words.includes("strict"), fast: words.includes("fast") };
};

describe("kernel filetests", () => {
  for (const name of readdirSync(FILETESTS)) {
    it(name, () => {
      const file = new URL(name, FILETESTS);
      const [before = "", expected = ""] = readFileSync(file, "utf8").split(SEPARATOR);
      const start = before.search(/^fn /m);
      assert.notEqual(start, -1, `${name} has no function`);
      const fn = parseFunction(before.slice(start));
      verify(fn);
      const text = `${printProgram(lowerProgram(fn, optionsOf(before.slice(0, start))))}\n`;
      if (update) writeFileSync(file, `${before.trimEnd()}\n${SEPARATOR}${text}`);
      else assert.equal(text, expected);
    });
  }
});
