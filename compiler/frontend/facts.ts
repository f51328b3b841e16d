/** What is known on a path of the truth values that led there: `if (x === null) return` leaves an x that is there. */
import type { Var } from "../ir/types.js";
import { definitionOf } from "./integral.js";
import type { Machine, Site } from "./machine.js";
import { varOf } from "./tensors.js";
import type { TensorValue, Value } from "./values.js";

const isConst = (machine: Machine, v: Var | undefined, value: number): boolean => {
  const eqn = v === undefined ? null : definitionOf(machine, v);
  return eqn?.op === "const" && eqn.params.value === value;
};

const MAX_DEPTH = 16;

/** A truth value and those that follow from it. */
const collect = (machine: Machine, v: Var, holds: boolean, into: Map<Var, boolean>, depth = 0): void => {
  into.set(v, holds);
  const eqn = depth > MAX_DEPTH ? null : definitionOf(machine, v);
  if (eqn === null) return;
  const [a, b, c] = eqn.inputs;
  const follow = (x: Var | undefined, truth: boolean): void => {
    if (x !== undefined) collect(machine, x, truth, into, depth + 1);
  };
  if (eqn.op === "not") follow(a, !holds);
  else if ((eqn.op === "and" && holds) || (eqn.op === "or" && !holds)) {
    follow(a, holds);
    follow(b, holds);
  } else if (eqn.op === "select" && !holds && isConst(machine, b, 1)) {
    // a ? true : c
    follow(a, false);
    follow(c, false);
  } else if (eqn.op === "select" && holds && isConst(machine, c, 0)) {
    // a ? b : false
    follow(a, true);
    follow(b, true);
  }
};

/** Runs a path on which a condition is known. */
export const withFact = <T>(site: Site, cond: TensorValue, holds: boolean, f: () => T): T => {
  const { machine } = site;
  const before = machine.facts;
  const facts = new Map(before);
  collect(machine, varOf(site, cond), holds, facts);
  machine.facts = facts;
  try {
    return f();
  } finally {
    machine.facts = before;
  }
};

/** A value that may be missing, where it is known by now whether it is. */
export const narrowed = ({ machine }: Site, value: Value): Value => {
  if (value.kind !== "unmerged" || value.maybe === undefined) return value;
  const { present, value: own, missing } = value.maybe;
  const known = machine.facts.get(present.v);
  return known === undefined ? value : known ? own : missing;
};
