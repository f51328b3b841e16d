/**
 * The cotangent of an element that is read and then written, x[p] += f(x[q]): reading it back and clearing it, as the write's
 * transpose does, and adding it again, as the read's does, leave it as it was. So the sums in between are made without.
 */
import type { Builder } from "../ir/builder.js";
import type { Eqn, PlainEqn, Var } from "../ir/types.js";

type Update = Extract<PlainEqn, { op: "dynamicUpdate" }>;
type Read = Extract<PlainEqn, { op: "dynamicSlice" | "slice" }>;

/** Equations that are looked back at. */
const WINDOW = 64;

const sameVars = (x: readonly Var[], y: readonly Var[]): boolean =>
  x.length === y.length && x.every((v, k) => v === y[k]);

/** `read` of an array, plus `value`, written back to where it was. */
interface Addition {
  readonly read: Read;
  readonly value: Var;
  readonly write: Update;
}

/**
 * The sum with `ct` added at `starts`, where ct is what was read there before the place was cleared, and all that happened
 * since are additions; else null.
 */
export const addedBack = (b: Builder, sum: Var, ct: Var, starts: readonly Var[]): Var | null => {
  const recent = new Map<Var, Eqn>();
  for (const eqn of b.body().slice(-WINDOW)) for (const v of eqn.outs) recent.set(v, eqn);
  let taken = recent.get(ct);
  while (taken?.op === "reshape") taken = recent.get(taken.inputs[0] ?? ct);
  if (taken?.op !== "dynamicSlice" || !sameVars(taken.inputs.slice(1), starts)) return null;
  const [whole] = taken.inputs;
  const additions: Addition[] = [];
  for (let now = sum; ; ) {
    const write = recent.get(now);
    if (write?.op !== "dynamicUpdate") return null;
    const [before, block] = write.inputs;
    const made = block === undefined ? undefined : recent.get(block);
    if (before === undefined || made === undefined) return null;
    const clears = made.op === "const" && made.params.value === 0;
    if (clears) {
      if (before !== whole || !sameVars(write.inputs.slice(2), starts)) return null;
      break;
    }
    const [old, value] = made.op === "add" ? made.inputs : [];
    const read = old === undefined ? undefined : recent.get(old);
    if (read?.op !== "dynamicSlice" && read?.op !== "slice") return null;
    if (read.inputs[0] !== before || value === undefined) return null;
    additions.push({ read, value, write });
    now = before;
  }
  return additions.reduceRight((array: Var, { read, value, write }) => {
    const old =
      read.op === "slice"
        ? b.emit("slice", [array], read.params)
        : b.emit("dynamicSlice", [array, ...read.inputs.slice(1)], read.params);
    return b.emit("dynamicUpdate", [array, b.add(old, value), ...write.inputs.slice(2)], write.params);
  }, whole);
};
