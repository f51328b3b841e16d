/**
 * A program made ready for reading: values that stand for one another have one name, what is kept for the way back is kept
 * as soon as it is known, and neighbouring choices by one condition are one.
 */
import { forOperands, ifOperands, mapRegions, whileOperands } from "../../ir/control.js";
import { nameLike, nameOf } from "../../ir/names.js";
import {
  type AnyOp,
  type ControlEqn,
  type Eqn,
  type IrFunction,
  isControl,
  isUnbounded,
  UNARY_OPS,
  type Var,
} from "../../ir/types.js";
import { useCounts } from "../../ir/walk.js";

/** Gives all of these the name of the first that has one. */
const shareName = (...vars: readonly (Var | undefined)[]): void => {
  const named = vars.find((v) => v !== undefined && nameOf(v) !== null);
  if (named === undefined) return;
  for (const v of vars) if (v !== undefined) nameLike(v, named);
};

/** Names what regions are given and give like what is outside of them, from the outside in and from the inside out. */
export const shareNames = (fn: IrFunction): undefined => {
  for (const eqn of fn.body) {
    const [x] = eqn.inputs;
    if ((eqn.op === "dynamicUpdate" || eqn.op === "scatterAdd") && x !== undefined) shareName(x, eqn.outs[0]);
    if (!isControl(eqn)) continue;
    intoRegions(eqn);
    switch (eqn.op) {
      case "if":
        shareNames(eqn.params.then);
        shareNames(eqn.params.else);
        eqn.outs.forEach((out, k) => {
          shareName(out, eqn.params.then.results[k], eqn.params.else.results[k]);
        });
        break;
      case "while":
        loopNames(eqn, eqn.params.body, eqn.params.consts);
        shareNames(eqn.params.cond);
        break;
      case "for":
        loopNames(eqn, eqn.params.body, 1 + eqn.params.consts);
        break;
      default:
        break;
    }
  }
};

/** What stays the same in a region is called what it is called outside. */
const intoRegions = (eqn: ControlEqn): undefined => {
  const into = (region: IrFunction, first: number, operands: readonly Var[]): undefined => {
    for (const [k, v] of operands.entries()) {
      const p = region.params[first + k];
      if (p !== undefined) nameLike(p, v);
    }
  };
  switch (eqn.op) {
    case "if": {
      const { operands } = ifOperands(eqn.inputs);
      into(eqn.params.then, 0, operands);
      into(eqn.params.else, 0, operands);
      return;
    }
    case "while":
      into(eqn.params.body, 0, whileOperands(eqn.inputs, eqn.params).consts);
      into(eqn.params.cond, 0, whileOperands(eqn.inputs, eqn.params).consts);
      return;
    case "for":
      into(eqn.params.body, 1, forOperands(eqn.inputs, eqn.params).consts);
      return;
    default:
      return;
  }
};

/** A carry has one name: in the body, at its end, and behind the loop. */
const loopNames = (
  eqn: Extract<ControlEqn, { readonly op: "for" | "while" }>,
  body: IrFunction,
  first: number,
): undefined => {
  const { carries } =
    eqn.op === "for" ? forOperands(eqn.inputs, eqn.params) : whileOperands(eqn.inputs, eqn.params);
  const share = (): undefined => {
    for (const [k, result] of body.results.entries()) {
      const [param, out] = [body.params[first + k], eqn.outs[k]];
      // what a number starts with may be something else: c of r = c
      shareName(result, param, out, result.type.shape.length > 0 ? carries[k] : undefined);
    }
  };
  share();
  shareNames(body);
  share();
};

const unary: ReadonlySet<string> = new Set(UNARY_OPS);
const WORDS: Readonly<Partial<Record<AnyOp, string>>> = { neg: "minus" };

/** What a value is called, or else what it is made by: `cos_z`; null where that says nothing. */
export const wordFor = (fn: IrFunction, v: Var | undefined): string | null => {
  if (v === undefined) return null;
  const own = nameOf(v);
  if (own !== null) return own;
  const by = fn.body.find((eqn) => eqn.outs.includes(v));
  const [x] = by?.inputs ?? [];
  if (by === undefined || x === undefined) return null;
  if (by.op === "reshape" || by.op === "dynamicSlice" || by.op === "slice") return wordFor(fn, x);
  const of = unary.has(by.op) ? nameOf(x) : null;
  return of === null ? null : `${WORDS[by.op] ?? by.op}_${of}`;
};

/** What is written into an array that a loop only writes to: `s` of the stack of all s; empty where it has no name. */
export const keptBy = (fn: IrFunction, result: Var | undefined): string | null => {
  const update = fn.body.find((eqn) => result !== undefined && eqn.outs.includes(result));
  return update?.op === "dynamicUpdate" ? (wordFor(fn, update.inputs[1]) ?? "") : null;
};

/** Gives every use of an empty list a list of its own. */
export const ownLists = (fn: IrFunction): IrFunction => {
  const lists = new Map<Var, Eqn>();
  const body = fn.body.flatMap((eqn): readonly Eqn[] => {
    const [out] = eqn.outs;
    if (eqn.op === "const" && out !== undefined && isUnbounded(out.type)) {
      lists.set(out, eqn);
      return [];
    }
    const made: Eqn[] = [];
    const inputs = eqn.inputs.map((v) => {
      const list = lists.get(v);
      if (list === undefined) return v;
      const own: Var = { type: v.type };
      // the same equation for another value
      made.push({ ...list, outs: [own] } as Eqn);
      return own;
    });
    const inner = isControl(eqn) ? mapRegions(eqn, ownLists) : eqn;
    return [...made, { ...inner, inputs }];
  });
  const returned = fn.results.flatMap((v): readonly Eqn[] => {
    const list = lists.get(v);
    return list === undefined ? [] : [list];
  });
  return { ...fn, body: [...body, ...new Set(returned)] };
};

/** Moves writes to lists and stacks that are only written to as far up as they can go. */
export const keepEarly = (fn: IrFunction): IrFunction => {
  const uses = useCounts(fn);
  const body = fn.body.map((eqn) => (isControl(eqn) ? mapRegions(eqn, keepEarly) : eqn));
  const made = new Map<Var, Eqn>();
  for (const eqn of body) for (const v of eqn.outs) made.set(v, eqn);
  const isParam = new Set(fn.params);
  /** An update of a param by way of updates that nothing else sees. */
  const isKeeping = (eqn: Eqn): boolean => {
    const [x] = eqn.inputs;
    const [out] = eqn.outs;
    if (eqn.op !== "dynamicUpdate" || x === undefined || out === undefined || uses.get(x) !== 1) return false;
    const before = made.get(x);
    return uses.get(out) === 1 && (isParam.has(x) || (before !== undefined && isKeeping(before)));
  };
  const isBlock = (eqn: Eqn): boolean => {
    const [out] = eqn.outs;
    return (
      eqn.op === "reshape" &&
      out !== undefined &&
      uses.get(out) === 1 &&
      body.some((u) => isKeeping(u) && u.inputs[1] === out)
    );
  };
  const early = new Set(body.filter((eqn) => isKeeping(eqn) || isBlock(eqn)));
  if (early.size === 0) return body.every((eqn, k) => eqn === fn.body[k]) ? fn : { ...fn, body };
  const done = new Set<Var>(fn.params);
  const next: Eqn[] = [];
  const waiting = new Set(early);
  const place = (eqn: Eqn): undefined => {
    next.push(eqn);
    for (const v of eqn.outs) done.add(v);
  };
  const settle = (): undefined => {
    for (let moved = true; moved; ) {
      moved = false;
      for (const eqn of waiting) {
        if (!eqn.inputs.every((v) => done.has(v))) continue;
        waiting.delete(eqn);
        place(eqn);
        moved = true;
      }
    }
  };
  // constants first: rows and columns are among them
  for (const eqn of body) if (eqn.inputs.length === 0 && !isControl(eqn)) place(eqn);
  settle();
  for (const eqn of body) {
    if (early.has(eqn) || (eqn.inputs.length === 0 && !isControl(eqn))) continue;
    place(eqn);
    settle();
  }
  return { ...fn, body: next };
};

type If = ControlEqn & { readonly op: "if" };

/** The equation of two neighbouring choices by the same condition. */
const joined = (a: If, b: If): If => {
  const { operands: given } = ifOperands(b.inputs);
  const fresh = given.filter((v) => !a.outs.includes(v));
  const side = (first: IrFunction, second: IrFunction): IrFunction => {
    const params = fresh.map((v): Var => ({ type: v.type }));
    params.forEach((p, k) => {
      const v = fresh[k];
      if (v !== undefined) nameLike(p, v);
    });
    const image = new Map<Var, Var>();
    given.forEach((v, k) => {
      const p = second.params[k];
      const of = a.outs.indexOf(v);
      const value = of >= 0 ? first.results[of] : params[fresh.indexOf(v)];
      if (p !== undefined && value !== undefined) image.set(p, value);
    });
    const to = (v: Var): Var => image.get(v) ?? v;
    return {
      name: first.name,
      params: [...first.params, ...params],
      body: [...first.body, ...second.body.map((eqn): Eqn => ({ ...eqn, inputs: eqn.inputs.map(to) }))],
      results: [...first.results, ...second.results.map(to)],
    };
  };
  return {
    ...b,
    inputs: [...a.inputs, ...fresh],
    params: { then: side(a.params.then, b.params.then), else: side(a.params.else, b.params.else) },
    outs: [...a.outs, ...b.outs],
  };
};

/** Joins choices by one condition that stand next to each other. */
export const joinChoices = (fn: IrFunction): IrFunction => {
  const body: Eqn[] = [];
  for (const eqn of fn.body) {
    const own = isControl(eqn) ? mapRegions(eqn, joinChoices) : eqn;
    const at = own.op === "if" ? joinable(body, own) : -1;
    const before = body[at];
    if (own.op === "if" && before?.op === "if") {
      body.splice(at, 1);
      body.push(joined(before, own));
    } else body.push(own);
  }
  return { ...fn, body };
};

/** The choice by the same condition that nothing between uses the results of. */
const joinable = (body: readonly Eqn[], eqn: If): number => {
  for (let k = body.length - 1; k >= 0; k--) {
    const before = body[k];
    if (before?.op === "if" && before.inputs[0] === eqn.inputs[0]) {
      const between = body.slice(k + 1);
      return between.some((e) => e.inputs.some((v) => before.outs.includes(v))) ? -1 : k;
    }
    if (before === undefined || isControl(before) || before.op === "check") return -1;
  }
  return -1;
};
