/** Which results depend on which inputs, through regions too: in data, or in how often a loop runs and which branch is taken. */
import { forOperands, ifOperands, whileOperands } from "../../ir/control.js";
import { type ControlEqn, type IrFunction, isControl, type Var } from "../../ir/types.js";
import { closure, either } from "./lists.js";

type Flags = readonly boolean[];

const known = new WeakMap<IrFunction, Map<string, Flags>>();

/** For each result whether it depends on a param whose flag is set. */
export const dependentResults = (fn: IrFunction, params: Flags): Flags => {
  const key = params.map(Number).join("");
  const cache = known.get(fn) ?? new Map<string, Flags>();
  known.set(fn, cache);
  const before = cache.get(key);
  if (before !== undefined) return before;
  const depends = new Set<Var>(fn.params.filter((_, k) => params[k] === true));
  for (const eqn of fn.body) {
    const inputs = eqn.inputs.map((v) => depends.has(v));
    if (!inputs.includes(true)) continue;
    const outs = isControl(eqn) ? dependentOuts(eqn, inputs) : [true];
    eqn.outs.forEach((v, k) => {
      if (outs[k] === true) depends.add(v);
    });
  }
  const results = fn.results.map((v) => depends.has(v));
  cache.set(key, results);
  return results;
};

/** For each result of an equation whether it depends on an input whose flag is set. */
export const dependentOuts = (eqn: ControlEqn, inputs: Flags): Flags => {
  const all = eqn.outs.map(() => true);
  switch (eqn.op) {
    case "if": {
      const { cond, operands } = ifOperands(inputs);
      if (cond) return all;
      return either(dependentResults(eqn.params.then, operands), dependentResults(eqn.params.else, operands));
    }
    case "while": {
      const { consts, carries } = whileOperands(inputs, eqn.params);
      const own = dependentCarries(eqn.params.body, consts, carries);
      return dependentResults(eqn.params.cond, [...consts, ...own])[0] === true ? all : own;
    }
    case "for": {
      const { trip, consts, carries } = forOperands(inputs, eqn.params);
      if (trip === true) return all;
      return dependentCarries(eqn.params.body, [false, ...consts], carries);
    }
    case "custom":
    case "checkpoint":
      return dependentResults(eqn.params.body, inputs);
    case "fromTranspose":
      return all;
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/** Which carries depend on something flagged before or in some iteration; `before` are the flags of the other params. */
export const dependentCarries = (body: IrFunction, before: Flags, carries: Flags): Flags =>
  closure(carries, (flags) => dependentResults(body, [...before, ...flags]));
