import assert from "node:assert/strict";
import fc from "fast-check";
import { gradFunction } from "../../autodiff/grad.js";
import { jvpFunction } from "../../autodiff/jvp.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { type IrFunction, isFloat, type Var } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { interpret } from "../../runtime/interpret.js";
import { largest, stackBatch } from "./calculus.js";
import { about, allFinite, assertClose, assertSameBits, interpretOrSkip } from "./compare.js";
import { CONTROL_FORMS } from "./random-control.js";
import { ALL_OPS, programs, type RandomProgram, sumOfResults } from "./random-ir.js";

const active = (v: Var): boolean => isFloat(v.type.dtype);

/** The program with equations [from, to) of its body under a checkpoint. */
const withCheckpoint = (fn: IrFunction, from: number, to: number, save: readonly string[]): IrFunction => {
  const inside = fn.body.slice(from, to);
  const outs = inside.flatMap((eqn) => eqn.outs);
  const made = new Set(outs);
  const read = [...new Set(inside.flatMap((eqn) => eqn.inputs))].filter((v) => !made.has(v));
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  const append = (eqns: IrFunction["body"]): void => {
    for (const eqn of eqns) {
      const values = b.append(eqn, eqn.inputs.map(image));
      eqn.outs.forEach((v, k) => {
        env.set(v, values[k] ?? v);
      });
    }
  };
  append(fn.body.slice(0, from));
  const body = createBuilder();
  const open: IrFunction = { name: "body", params: read, body: inside, results: outs };
  const region = body.finish(
    "body",
    body.inline(
      open,
      read.map((v) => body.param(v.type)),
    ),
  );
  const values = b.emitAll("checkpoint", read.map(image), { run: "first", save, body: region });
  outs.forEach((v, k) => {
    env.set(v, values[k] ?? v);
  });
  append(fn.body.slice(to));
  return verify(b.finish(fn.name, fn.results.map(image)));
};

const SAVES: readonly (readonly string[])[] = [
  [],
  ["dots"],
  ["name a"],
  ["names", "but a"],
  ["dots", "names", "but b", "rest"],
];

/** A program, and the same with a part of it under a checkpoint, which may lie in another one. */
const pairs = fc
  .record({
    program: programs({
      dtypes: ["f64", "f64", "f64", "i32", "bool"],
      tame: true,
      ops: ALL_OPS.filter((op) => op !== "cast"),
      steps: 12,
      control: CONTROL_FORMS,
    }),
    cuts: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
    save: fc.constantFrom(...SAVES),
  })
  .map(({ program, cuts, save }) => {
    const { fn } = program;
    const [a = 0, c = 0] = cuts
      .map((n) => n % (fn.body.length + 1))
      .slice(0, 2)
      .sort((x, y) => x - y);
    const inner = withCheckpoint(fn, a, c, save);
    const [, , nested] = cuts;
    const whole = nested % 2 === 0 ? inner : withCheckpoint(inner, 0, inner.body.length, []);
    return { program, checkpointed: whole };
  });

const property = (runs: number, check: (p: RandomProgram, checkpointed: IrFunction) => void): void => {
  fc.assert(
    fc.property(pairs, ({ program, checkpointed }) => {
      fc.pre(program.fn.params.some(active));
      about(checkpointed, () => check(program, checkpointed));
    }),
    { numRuns: runs },
  );
};
const gradOf = (fn: IrFunction): IrFunction => verify(gradFunction(sumOfResults(fn), fn.params.map(active)));

describe("checkpoints in random programs", () => {
  it("change no bit of a gradient, before the passes and after them", () => {
    property(150, ({ fn, args }, checkpointed) => {
      const wanted = interpretOrSkip(gradOf(fn), args);
      const grad = gradOf(checkpointed);
      assertSameBits(interpret(grad, args), wanted, "gradient");
      const { fn: short } = runPasses(grad);
      assertSameBits(interpret(verify(short), args), wanted, "gradient after the passes");
    });
  });

  it("change no bit of forward mode", () => {
    property(100, ({ fn, args }, checkpointed) => {
      const tangents = args.filter((_, k) => fn.params[k] !== undefined && active(fn.params[k]));
      const of = (f: IrFunction) => jvpFunction(f, f.params.map(active));
      const [plain, other] = [of(fn), of(checkpointed)];
      const wanted = interpretOrSkip(plain.fn, [...args, ...tangents]);
      const got = interpret(verify(other.fn), [...args, ...tangents]);
      assert.deepEqual(other.tangentOuts, plain.tangentOuts);
      assertSameBits(got, wanted, "jvp");
    });
  });

  it("give the same second derivatives and batches, but for roundings", () => {
    property(100, ({ fn, args }, checkpointed) => {
      const second = (f: IrFunction) => gradOf(gradOf(f));
      const wanted = interpretOrSkip(second(fn), args);
      fc.pre(wanted.every(allFinite));
      const got = interpret(second(checkpointed), args);
      // a value computed twice has two cotangents, each pulled back on its own: as reverse against forward mode
      wanted.forEach((w, k) => {
        assertClose(got[k], w, 1e-9, Math.max(largest(wanted), 1), `second derivative ${k}`);
      });
      const rows = args.map((x) => stackBatch([x, x]));
      const all = args.map(() => true);
      const batched = (f: IrFunction) => interpretOrSkip(verify(vmapFunction(gradOf(f), all, 2)), rows);
      const [a, b] = [batched(checkpointed), batched(fn)];
      b.forEach((w, k) => {
        assertClose(a[k], w, 1e-9, Math.max(largest(b), 1), `batch of gradients ${k}`);
      });
    });
  });
});
