/** Staging a function under a transform: a program of its own, whose free values belong to the one around it. */
import { internal } from "../diagnostics.js";
import { createBuilder } from "../ir/builder.js";
import type { IrFunction, Var } from "../ir/types.js";
import { callValue } from "./calls.js";
import type { Journal } from "./journal.js";
import type { Site } from "./machine.js";
import { withRows } from "./regions.js";
import { lift, tensorOf, varOf } from "./tensors.js";
import { mapStaged } from "./trees.js";
import { nextSerial, type TensorValue, type Value } from "./values.js";

/** Which derivative will go through a function. */
export type Mode = "forward" | "reverse";

export interface Nested {
  readonly fn: IrFunction;
  /** What the function returned; its staged leaves are the program's results, in order. */
  readonly out: Value;
  readonly leaves: readonly TensorValue[];
}

/** The name that a program has in messages. */
const nameOfValue = (fn: Value): string => {
  if (fn.kind !== "function") return "function";
  const { callee } = fn;
  if (callee.kind === "host") return callee.fn.name || "function";
  if (callee.kind === "transform") return `${callee.transform.kind}(${nameOfValue(callee.fn)})`;
  if (callee.kind === "class") return callee.type.name;
  return callee.name || "function";
};

/**
 * Stages `fn` on arguments whose leaves in `inner` are params of a new program: `args` is called with a maker of params and
 * gives the arguments. `mode`: which derivative will go through it.
 */
export const stageNested = (
  site: Site,
  fn: Value,
  args: (param: (like: TensorValue, v: Var["type"]) => TensorValue) => readonly Value[],
  mode: "value" | Mode = "value",
): Nested => withRows(site, () => stageAlone(site, fn, args, mode));

const stageAlone = (
  site: Site,
  fn: Value,
  args: (param: (like: TensorValue, v: Var["type"]) => TensorValue) => readonly Value[],
  mode: "value" | Mode,
): Nested => {
  const { machine } = site;
  const outer = machine.builder;
  const inner = createBuilder();
  machine.builder = inner;
  machine.open.add(inner);
  const journal: Journal = { since: nextSerial(), before: new Map() };
  machine.journals.push(journal);
  machine.conditions.push(null);
  if (mode === "reverse") machine.reverse++;
  if (mode !== "value") machine.derivatives++;
  try {
    return inner.at(outer.span(), () => {
      const given = args((like, type) => ({
        ...tensorOf(site, inner.param(type), {
          store: like.store,
          weak: like.weak && type.shape.length === 0,
          hostArray: like.hostArray,
        }),
        origin: like.origin,
        fixed: "argument" as const,
      }));
      const out = callValue(site, fn, given);
      const leaves: TensorValue[] = [];
      const staged = mapStaged(site, out, (leaf) => {
        const t = lift(site, leaf, "the result");
        leaves.push(t);
        return t;
      });
      return {
        fn: inner.finish(
          nameOfValue(fn),
          leaves.map((t) => varOf(site, t)),
        ),
        out: staged,
        leaves,
      };
    });
  } finally {
    machine.builder = outer;
    machine.open.delete(inner);
    machine.journals.pop();
    machine.conditions.pop();
    if (mode === "reverse") machine.reverse--;
    if (mode !== "value") machine.derivatives--;
    // What it wrote stays, as part of what the region around it wrote.
    const around = machine.journals.at(-1);
    for (const [cell, state] of journal.before)
      if (around !== undefined && cell.born <= around.since && !around.before.has(cell))
        around.before.set(cell, state);
  }
};

/** Item `k`, which is there. */
export const pick = <T>(items: readonly T[], k: number): T =>
  items[k] ?? internal(`no item ${k} of ${items.length}`);
