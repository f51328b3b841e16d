/** Read-only questions about a function, and the rebuilding of one. */
import { type Builder, createBuilder } from "./builder.js";
import { mapRegions } from "./control.js";
import { describeLike } from "./names.js";
import { type Eqn, type IrFunction, isControl, type PlainEqn, type Var } from "./types.js";

/** The equation that defines each value of the body. */
export const definitions = (fn: IrFunction): ReadonlyMap<Var, Eqn> => {
  const defs = new Map<Var, Eqn>();
  for (const eqn of fn.body) for (const out of eqn.outs) defs.set(out, eqn);
  return defs;
};

/** How often each value is used, by equations and by the results; a value that nothing uses is not in the map. */
export const useCounts = (fn: IrFunction): ReadonlyMap<Var, number> => {
  const counts = new Map<Var, number>();
  const use = (v: Var): void => void counts.set(v, (counts.get(v) ?? 0) + 1);
  for (const eqn of fn.body) eqn.inputs.forEach(use);
  fn.results.forEach(use);
  return counts;
};

/** Values that are used but neither params nor defined, in order of first use. */
export const freeVars = (fn: IrFunction): readonly Var[] => {
  const bound = new Set<Var>(fn.params);
  const free = new Set<Var>();
  const use = (v: Var): void => {
    if (!bound.has(v)) free.add(v);
  };
  for (const eqn of fn.body) {
    eqn.inputs.forEach(use);
    for (const out of eqn.outs) bound.add(out);
  }
  fn.results.forEach(use);
  return [...free];
};

/** The function with its uses (not definitions) of `map`'s keys replaced by values of the same types. */
export const substitute = (fn: IrFunction, map: ReadonlyMap<Var, Var>): IrFunction => {
  if (map.size === 0) return fn;
  const image = (v: Var): Var => map.get(v) ?? v;
  const body = fn.body.map((eqn): Eqn => {
    const touched = eqn.inputs.some((v) => map.has(v));
    return touched ? { ...eqn, inputs: eqn.inputs.map(image) } : eqn;
  });
  return { ...fn, body, results: fn.results.map(image) };
};

/**
 * Rebuilds the function: `f` gives the new value of each equation without regions, made with the builder at the
 * equation's span; `inputs` are the images of its inputs. Regions are rebuilt likewise, each with a builder of its own.
 * Free values stay as they are.
 */
export const mapEquations = (
  fn: IrFunction,
  f: (b: Builder, eqn: PlainEqn, inputs: readonly Var[]) => Var,
): IrFunction => {
  const b = createBuilder();
  const env = new Map<Var, Var>();
  const image = (v: Var): Var => env.get(v) ?? v;
  for (const p of fn.params) env.set(p, b.param(p.type, p));
  for (const eqn of fn.body) {
    const inputs = eqn.inputs.map(image);
    const outs = b.at(eqn.span, () =>
      isControl(eqn)
        ? b.append(
            mapRegions(eqn, (region) => mapEquations(region, f)),
            inputs,
          )
        : [f(b, eqn, inputs)],
    );
    eqn.outs.forEach((v, k) => {
      const out = outs[k] ?? v;
      describeLike(out, v);
      env.set(v, out);
    });
  }
  return b.finish(fn.name, fn.results.map(image));
};
