/**
 * Checks of indices as equations of their own, in front of the accesses. A checked access is dropped with its check where
 * nobody needs its value, so that nothing may rely on it; a `check` stays, and tells all that stands behind it that the
 * index lies inside. The access then needs no check any more.
 */
import { type Builder, createBuilder } from "../ir/builder.js";
import { mapRegionsAt } from "../ir/control.js";
import { type ControlEqn, type Eqn, type IrFunction, isControl, type Var } from "../ir/types.js";
import { OUT_OF_RANGE, startMessage } from "../ops/dynamic.js";

/** The equation with explicit checks in its regions; itself where there are none to make. */
export const withExplicitChecks = (eqn: ControlEqn): ControlEqn => mapRegionsAt(eqn, explicit);

const made = new WeakMap<IrFunction, IrFunction>();

const explicit = (fn: IrFunction): IrFunction => {
  const known = made.get(fn) ?? makeExplicit(fn);
  made.set(fn, known);
  return known;
};

const makeExplicit = (fn: IrFunction): IrFunction => {
  if (!fn.body.some((eqn) => isControl(eqn) || startsOf(eqn).length > 0)) return fn;
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type, p)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  let changed = false;
  const step = (eqn: Eqn): readonly Var[] => {
    const inputs = eqn.inputs.map(image);
    if (isControl(eqn)) {
      const inner = withExplicitChecks(eqn);
      if (inner !== eqn) changed = true;
      return b.append(inner, inputs);
    }
    for (const start of startsOf(eqn)) {
      requireFit(b, start, image(start.at));
      changed = true;
    }
    return b.append(eqn, inputs);
  };
  for (const eqn of fn.body) {
    const values = b.at(eqn.span, () => step(eqn));
    eqn.outs.forEach((v, k) => {
      env.set(v, values[k] ?? v);
    });
  }
  return changed ? b.finish(fn.name, fn.results.map(image)) : fn;
};

/** Where a block starts along an axis of n elements, of which it takes `count`. */
interface Start {
  readonly at: Var;
  readonly axis: number;
  readonly n: number;
  readonly count: number;
}

/** The starts of a checked block that are not its whole axis. */
const startsOf = (eqn: Eqn): readonly Start[] => {
  if ((eqn.op !== "dynamicSlice" && eqn.op !== "dynamicUpdate") || eqn.params.mode !== "check") return [];
  const [x, update] = eqn.inputs;
  const sizes = eqn.op === "dynamicSlice" ? eqn.params.sizes : (update?.type.shape ?? []);
  return eqn.inputs.slice(eqn.op === "dynamicSlice" ? 1 : 2).flatMap((at, axis): readonly Start[] => {
    const [n = 0, count = 0] = [x?.type.shape[axis], sizes[axis]];
    return at.type.dtype === "i32" && at.type.shape.length === 0 && n > count ? [{ at, axis, n, count }] : [];
  });
};

/** 0 <= at <= n - count in one comparison: a negative number is a large unsigned one. */
const requireFit = (b: Builder, { axis, n, count }: Start, at: Var): void => {
  const unsigned = b.emit("bitcast", [at], { dtype: "u32" });
  const fits = b.lt(unsigned, b.scalar(n - count + 1, "u32"));
  b.emit("check", [fits, at], { code: OUT_OF_RANGE, message: startMessage(axis, n, count) });
};
