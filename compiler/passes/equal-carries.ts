/**
 * Values that a loop carries twice: of carries that begin equal and stay equal, only the first is kept. A second derivative keeps
 * for itself what the first one keeps already; this makes it one array.
 *
 * A barrier has no equal. Which carries are equal is a greatest fixed point, as in partition refinement: all that begin equal are taken to be, until an
 * iteration would make them differ.
 */
import { type Builder, createBuilder } from "../ir/builder.js";
import { forInputs, forOperands, ifOperands, mapRegions, whileOperands } from "../ir/control.js";
import { type ControlEqn, type Eqn, type IrFunction, isControl, typeText, type Var } from "../ir/types.js";
import { substitute } from "../ir/walk.js";
import { COMMUTATIVE, paramKey } from "./cse.js";

type Loop = Extract<ControlEqn, { readonly op: "for" | "while" }>;
/** Equal numbers: equal values. */
type Numbers = readonly number[];

/** Numbers of one analysis: what has the same key has the same number. */
interface Numbering {
  readonly fresh: () => number;
  readonly of: (key: string) => number;
}
const createNumbering = (): Numbering => {
  const known = new Map<string, number>();
  let last = 0;
  const of = (key: string): number => {
    const n = known.get(key) ?? ++last;
    known.set(key, n);
    return n;
  };
  return { fresh: () => ++last, of };
};

/** The numbers of a region's results, given those of its parameters. */
const resultNumbers = (n: Numbering, fn: IrFunction, params: Numbers): Numbers => {
  const numbers = new Map<Var, number>();
  const numberOf = (v: Var): number => {
    const number = numbers.get(v) ?? n.fresh();
    numbers.set(v, number);
    return number;
  };
  fn.params.forEach((p, k) => {
    numbers.set(p, params[k] ?? n.fresh());
  });
  for (const eqn of fn.body) {
    const outs = outNumbers(n, eqn, eqn.inputs.map(numberOf));
    eqn.outs.forEach((v, k) => {
      numbers.set(v, outs[k] ?? n.fresh());
    });
  }
  return fn.results.map(numberOf);
};

const outNumbers = (n: Numbering, eqn: Eqn, inputs: Numbers): Numbers => {
  if (eqn.op === "barrier") return [n.fresh()];
  if (!isControl(eqn)) {
    const operands = COMMUTATIVE.has(eqn.op) ? inputs.toSorted((a, b) => a - b) : inputs;
    return [n.of(`${eqn.op} ${operands.join(" ")} ${paramKey(eqn)}`)];
  }
  switch (eqn.op) {
    case "if": {
      const { operands } = ifOperands(inputs);
      const [then, otherwise] = [eqn.params.then, eqn.params.else].map((side) =>
        resultNumbers(n, side, operands),
      );
      return eqn.outs.map((_, k) => n.of(`if ${inputs[0]} ${then?.[k]} ${otherwise?.[k]}`));
    }
    case "for":
    case "while": {
      // one number for each class of carries; that of no other loop
      const own = new Map<number, number>();
      return carryClasses(n, eqn, inputs).map((c) => {
        const number = own.get(c) ?? n.fresh();
        own.set(c, number);
        return number;
      });
    }
    case "custom":
    case "fromTranspose":
    case "checkpoint":
      return eqn.outs.map(n.fresh);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

const operandsOf = <T>(eqn: Loop, inputs: readonly T[]) =>
  eqn.op === "for" ? forOperands(inputs, eqn.params) : whileOperands(inputs, eqn.params);

/** The class of each carry of a loop: in each iteration those of one class are equal. */
const carryClasses = (n: Numbering, eqn: Loop, inputs: Numbers): Numbers => {
  const { consts, carries } = operandsOf(eqn, inputs);
  const types = operandsOf(eqn, eqn.inputs).carries.map((v) => typeText(v.type));
  const classesBy = (keys: readonly string[]): Numbers => keys.map((key) => keys.indexOf(key));
  let classes = classesBy(carries.map((c, k) => `${c} ${types[k]}`));
  for (;;) {
    if (new Set(classes).size === classes.length) return classes;
    const own = new Map(classes.map((c) => [c, n.fresh()]));
    const params = [
      ...(eqn.op === "for" ? [n.fresh()] : []),
      ...consts,
      ...classes.map((c) => own.get(c) ?? n.fresh()),
    ];
    const next = resultNumbers(n, eqn.params.body, params);
    const finer = classesBy(classes.map((c, k) => `${c} ${next[k]}`));
    if (finer.every((c, k) => c === classes[k])) return classes;
    classes = finer;
  }
};

/** A loop appended without the carries that equal another one; all its results. */
const appendMerged = (b: Builder, eqn: Loop, classes: Numbers, inputs: readonly Var[]): readonly Var[] => {
  const { trip, consts, carries } = operandsOf(eqn, inputs);
  const firsts = <T>(items: readonly T[]): readonly T[] => items.filter((_, k) => classes[k] === k);
  const fewer = (region: IrFunction, ofCarries: boolean): IrFunction => {
    const at = region.params.length - carries.length;
    const own = region.params.slice(at);
    const twins = own.flatMap((p, k): readonly (readonly [Var, Var])[] => {
      const first = own[classes[k] ?? k];
      return first === undefined || first === p ? [] : [[p, first]];
    });
    const { body, results } = substitute(region, new Map(twins));
    const params = [...region.params.slice(0, at), ...firsts(own)];
    // carries that are one now may make carries inside equal
    const { name } = region;
    return equalCarries({ name, params, body, results: ofCarries ? firsts(results) : results });
  };
  const left = forInputs({ trip, consts, carries: firsts(carries) });
  const body = fewer(eqn.params.body, true);
  const outs =
    eqn.op === "for"
      ? b.emitAll("for", left, { ...eqn.params, body })
      : b.emitAll("while", left, { ...eqn.params, cond: fewer(eqn.params.cond, false), body });
  const kept = firsts(classes);
  return classes.flatMap((c) => outs[kept.indexOf(c)] ?? []);
};

/** Whether some carries begin with one value. */
const hasCandidates = (eqn: Loop, inputs: readonly Var[]): boolean => {
  const { carries } = operandsOf(eqn, inputs);
  return new Set(carries).size < carries.length;
};

export const equalCarries = (fn: IrFunction): IrFunction => {
  if (!fn.body.some(isControl)) return fn;
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  let changed = false;
  const step = (eqn: Eqn): readonly Var[] => {
    const inputs = eqn.inputs.map(image);
    if (!isControl(eqn)) return b.append(eqn, inputs);
    if ((eqn.op === "for" || eqn.op === "while") && hasCandidates(eqn, inputs)) {
      const classes = carryClasses(
        createNumbering(),
        eqn,
        inputs.map((v) => inputs.indexOf(v) - inputs.length),
      );
      if (classes.some((c, k) => c !== k)) {
        changed = true;
        return appendMerged(b, eqn, classes, inputs);
      }
    }
    const inner = mapRegions(eqn, equalCarries);
    if (inner !== eqn) changed = true;
    return b.append(inner, inputs);
  };
  for (const eqn of fn.body) {
    const values = b.at(eqn.span, () => step(eqn));
    eqn.outs.forEach((v, k) => {
      env.set(v, values[k] ?? v);
    });
  }
  return changed ? b.finish(fn.name, fn.results.map(image)) : fn;
};
