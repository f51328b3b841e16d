/**
 * Control equations as statements of one kernel: single elements live in registers, carried arrays in memory, where they are
 * updated in place. It writes the regions in program order; where an array is read after it was overwritten, or a region
 * does what does not fit here, it gives up (`Unsuitable`), and the equation becomes steps.
 */
import { internal } from "../../diagnostics.js";
import { forOperands, ifOperands, whileOperands } from "../../ir/control.js";
import { hostedOperand } from "../../ir/origin.js";
import { isOverwritten } from "../../ir/overwritten.js";
import { isRule, refuseRule } from "../../ir/rules.js";
import { type ControlEqn, type IrFunction, isControl, sizeOf, type Var } from "../../ir/types.js";
import type { Step, ValueId } from "../types.js";
import { createEmitter, type Emitter } from "./emitter.js";
import type { Count, FlowValue } from "./flow.js";
import type { Node } from "./graph.js";
import { constIndex, type Index } from "./index-expr.js";
import { type Binding, type Cell, type Nest, newVersion, Unsuitable } from "./nest-cells.js";
import { isCheapChoice } from "./nest-choice.js";
import {
  arrayOf,
  bindingOf,
  cellFor,
  cellInPlaceOf,
  createRegion,
  evaluate,
  keepPending,
  settle,
} from "./nest-region.js";
import { kernelContext, type ProgramState, spansOf } from "./program.js";
import { copyKernel } from "./update.js";
import { valueAt } from "./values.js";

const isSingle = (v: Var): boolean => sizeOf(v.type.shape) === 1;

/** The value of a single element's binding. */
const registerOf = (b: Binding | undefined): ValueId =>
  b?.kind === "value" ? b.id : internal("a single element is not in a register");

/** Writes a region with its parameters bound; gives the bindings of its results. */
const runRegion = (nest: Nest, fn: IrFunction, args: readonly Binding[]): readonly Binding[] => {
  const region = createRegion(nest, fn);
  fn.params.forEach((p, k) => {
    region.bindings.set(p, args[k] ?? internal("a region lacks an argument"));
  });
  for (const [k, eqn] of fn.body.entries()) {
    keepPending(region, eqn, k);
    if (!isControl(eqn)) {
      evaluate(region, eqn);
      continue;
    }
    const outs = runControl(nest, eqn, (v) => bindingOf(region, v));
    eqn.outs.forEach((v, k) => {
      region.bindings.set(v, outs[k] ?? internal("control flow lacks a result"));
    });
  }
  return fn.results.map((v) => bindingOf(region, v));
};

/** Arrays that a region may read but not overwrite. */
const frozen = (b: Binding): Binding => (b.kind === "array" ? { ...b, mutable: false } : b);

/** Fails where the carries or results can't be held: an array without elements may have no memory to be read from. */
const requireArrays = (eqn: ControlEqn): void => {
  if (eqn.outs.some((v) => v.type.shape.includes(0))) throw new Unsuitable();
};

/** Writes a control equation; gives the bindings of its results. */
const runControl = (nest: Nest, eqn: ControlEqn, operand: (v: Var) => Binding): readonly Binding[] => {
  requireArrays(eqn);
  switch (eqn.op) {
    case "if":
      return runIf(nest, eqn, operand);
    case "while": {
      const { consts, carries } = whileOperands(eqn.inputs, eqn.params);
      return runLoop(nest, eqn, consts.map(operand), carries, operand, 0);
    }
    case "for": {
      const { trip, consts, carries } = forOperands(eqn.inputs, eqn.params);
      const count = trip === null ? (eqn.params.trip ?? 0) : { value: registerOf(operand(trip)) };
      return runLoop(nest, eqn, consts.map(operand), carries, operand, count);
    }
    case "custom":
    case "fromTranspose":
    case "checkpoint":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return internal(`unexpected control flow ${JSON.stringify(never)}`);
    }
  }
};

const runLoop = (
  nest: Nest,
  eqn: Extract<ControlEqn, { op: "while" | "for" }>,
  consts: readonly Binding[],
  carries: readonly Var[],
  operand: (v: Var) => Binding,
  trip: number | Count,
): readonly Binding[] => {
  const { flow } = nest.e;
  if (carries.some((v) => v.type.shape.includes(0))) throw new Unsuitable();
  const taken = new Set<Cell>();
  const starts = carries.map((v, k): { readonly v: Var; readonly start: ValueId | Cell } => {
    const b = operand(v);
    if (isSingle(v)) return { v, start: registerOf(b) };
    const cell = isOverwritten(eqn, k) ? cellInPlaceOf(nest, v, b, taken) : cellFor(nest, v, b, taken);
    taken.add(cell);
    return { v, start: cell };
  });
  const fixed = consts.map(frozen);
  const values: FlowValue[] = starts.flatMap(({ v, start }) =>
    typeof start === "number" ? [{ type: v.type.dtype, init: start }] : [],
  );
  /** The carries' bindings, given the registers of those that are single elements. */
  const bindings = (ids: readonly ValueId[], mutable: boolean): readonly Binding[] => {
    let k = 0;
    return starts.map(({ start }): Binding => {
      if (typeof start !== "number") return arrayOf(start, mutable);
      return { kind: "value", id: ids[k++] ?? internal("a carry lacks a register") };
    });
  };
  const enter = (): void => {
    for (const cell of taken) newVersion(nest, cell);
  };
  /** Brings the arrays among a body's results to their cells; gives the registers of the others. */
  const finish = (results: readonly Binding[]): readonly ValueId[] => {
    const next: ValueId[] = [];
    settle(
      nest,
      starts.flatMap(({ v, start }, k) => {
        const b = results[k] ?? internal("a body lacks a result");
        if (typeof start !== "number") return [{ cell: start, from: b, type: v.type }];
        next.push(registerOf(b));
        return [];
      }),
      taken,
    );
    return next;
  };
  enter();
  let last: readonly ValueId[];
  if (eqn.op === "while") {
    const { cond, body } = eqn.params;
    last = flow.whileLoop(
      values,
      (ids) => registerOf(runRegion(nest, cond, [...fixed, ...bindings(ids, false)])[0]),
      (ids) => finish(runRegion(nest, body, [...fixed, ...bindings(ids, true)])),
    );
  } else {
    last = flow.forLoop(trip, values, (counter, ids) => {
      const i: Binding = { kind: "value", id: nest.e.indexValue(counter) };
      return finish(runRegion(nest, eqn.params.body, [i, ...fixed, ...bindings(ids, true)]));
    });
  }
  enter();
  return bindings(last, true);
};

const runIf = (
  nest: Nest,
  eqn: Extract<ControlEqn, { op: "if" }>,
  operand: (v: Var) => Binding,
): readonly Binding[] => {
  const { e } = nest;
  const { cond, operands } = ifOperands(eqn.inputs);
  const chosen = registerOf(operand(cond));
  const args = operands.map(operand);
  const { then, else: otherwise } = eqn.params;
  if (isCheapChoice(eqn)) {
    const [a, b] = [runRegion(nest, then, args), runRegion(nest, otherwise, args)];
    return eqn.outs.map((v, k): Binding => {
      const sides = [registerOf(a[k]), registerOf(b[k])] as const;
      const id = sides[0] === sides[1] ? sides[0] : e.op("select", v.type.dtype, [chosen, ...sides]);
      return { kind: "value", id };
    });
  }
  const singles = eqn.outs.filter(isSingle);
  const before = new Map([...nest.cells].map((cell) => [cell, cell.version]));
  const run = (
    fn: IrFunction,
  ): { readonly results: readonly Binding[]; readonly after: ReadonlyMap<Cell, number> } => {
    const results = runRegion(nest, fn, args);
    const after = new Map([...before.keys()].map((cell) => [cell, cell.version]));
    for (const [cell, version] of before) cell.version = version;
    return { results, after };
  };
  const registers = (results: readonly Binding[]): readonly ValueId[] =>
    results.flatMap((b, k) => {
      const v = eqn.outs[k];
      return v !== undefined && isSingle(v) ? [registerOf(b)] : [];
    });
  const sides: ReturnType<typeof run>[] = [];
  const side = (fn: IrFunction) => (): readonly ValueId[] => {
    const done = run(fn);
    sides.push(done);
    return registers(done.results);
  };
  const ids = e.flow.branch(
    chosen,
    singles.map((v) => v.type.dtype),
    side(then),
    side(otherwise),
  );
  const [a, b] = sides;
  if (a === undefined || b === undefined) return internal("a condition lacks a side");
  for (const [cell, version] of before)
    if (a.after.get(cell) !== version || b.after.get(cell) !== version) newVersion(nest, cell);
  let k = 0;
  return eqn.outs.map((v, j): Binding => {
    if (isSingle(v)) return { kind: "value", id: ids[k++] ?? internal("a condition lacks a value") };
    const [x, y] = [a.results[j], b.results[j]];
    if (x?.kind !== "array" || y?.kind !== "array" || x.cell !== y.cell) throw new Unsuitable();
    if (x.version !== a.after.get(x.cell) || y.version !== b.after.get(y.cell)) throw new Unsuitable();
    return arrayOf(x.cell, x.mutable && y.mutable);
  });
};

/** Where each array result lies: with the operand that it is made from. One operand can hold one result. */
const hostsOf = (eqn: ControlEqn): ReadonlyMap<Var, Var> => {
  const hosts = new Map<Var, Var>();
  if (eqn.op !== "if") return hosts;
  eqn.outs.forEach((v, k) => {
    if (isSingle(v)) return;
    const x = hostedOperand(eqn, k);
    if (x === null || hosts.has(x)) throw new Unsuitable();
    hosts.set(x, v);
  });
  return hosts;
};

/**
 * Writes the equation. `single` gives the register of an operand of one element, `array` how to read one of many;
 * `cellOf` the memory in which result k begins as its operand.
 */
const writeControl = (
  nest: Nest,
  eqn: ControlEqn,
  single: (v: Var) => ValueId,
  array: (v: Var) => Binding,
  cellOf: (out: Var) => Cell,
): readonly Binding[] => {
  const hosts = hostsOf(eqn);
  const carried = new Map<Var, Binding>();
  const own = (v: Var): Binding => {
    if (isSingle(v)) return { kind: "value", id: single(v) };
    const out = hosts.get(v);
    return out === undefined ? array(v) : arrayOf(cellOf(out), true);
  };
  if (eqn.op === "if") {
    const bound = new Map(eqn.inputs.map((v) => [v, own(v)]));
    return runControl(nest, eqn, (v) => bound.get(v) ?? own(v));
  }
  if (isRule(eqn)) return refuseRule(eqn);
  // carries by position: an operand may be carried twice, and be constant too
  const { carries } =
    eqn.op === "while" ? whileOperands(eqn.inputs, eqn.params) : forOperands(eqn.inputs, eqn.params);
  const stand = carries.map((v): Var => ({ type: v.type }));
  for (const [k, v] of carries.entries()) {
    const [inner, out] = [stand[k], eqn.outs[k]];
    if (inner === undefined || out === undefined) return internal("a carry without a result");
    carried.set(inner, isSingle(v) ? own(v) : arrayOf(cellOf(out), true));
  }
  const others = eqn.inputs.slice(0, eqn.inputs.length - carries.length);
  const bound = new Map(others.map((v): readonly [Var, Binding] => [v, own(v)]));
  const renamed = { ...eqn, inputs: [...others, ...stand] };
  return runControl(nest, renamed, (v) => carried.get(v) ?? bound.get(v) ?? own(v));
};

/** Can the equation be written as statements of one kernel? Found by a trial. */
export const isNest = (eqn: ControlEqn): boolean => {
  const e = createEmitter();
  let buffers = 0;
  const nest: Nest = {
    e,
    cells: new Set(),
    locked: new Set(),
    versions: 0,
    newBuffer: () => --buffers,
    literal: () => --buffers,
    errorIndex: () => 0,
  };
  try {
    writeControl(
      nest,
      eqn,
      () => e.fresh(),
      () => ({ kind: "outside", read: () => e.fresh(), readFlat: () => e.fresh() }),
      () => newCell(nest, --buffers),
    );
    return true;
  } catch (error) {
    if (error instanceof Unsuitable) return false;
    throw error;
  }
};

const newCell = (nest: Nest, buffer: number): Cell => {
  const cell: Cell = { buffer, version: 0 };
  nest.cells.add(cell);
  return cell;
};

/** The kernels of a control equation that `isNest` accepts. */
export const lowerControlNest = (p: ProgramState, node: Node): readonly Step[] => {
  const { eqn } = node;
  if (!isControl(eqn)) return internal(`${eqn.op} is no control flow`);
  const e: Emitter = createEmitter();
  const c = kernelContext(p, e);
  const { memory } = p;
  const nest: Nest = {
    e,
    cells: new Set(),
    locked: new Set(),
    versions: 0,
    newBuffer: (type) => memory.newBuffer(type, { kind: "scratch" }),
    literal: memory.literal,
    errorIndex: memory.errorIndex,
  };
  const kernels: Step[] = [];
  const origin = (v: Var): readonly Index[] => v.type.shape.map(() => constIndex(0));
  const results = writeControl(
    nest,
    eqn,
    (v) => valueAt(c, v, origin(v)),
    (v) => ({
      kind: "outside",
      read: (at) => valueAt(c, v, at),
      readFlat: p.isStored(v) ? (position) => c.readFlat(v, position) : null,
    }),
    (out) => {
      const k = eqn.outs.indexOf(out);
      const operand = hostedOperand(eqn, k) ?? internal("a result without an operand");
      if (!isOverwritten(eqn, k) && !p.inPlace(operand, out)) kernels.push(copyKernel(p, node, operand, out));
      return newCell(nest, p.bufferOf(out));
    },
  );
  node.outs.forEach((v, k) => {
    if (isSingle(v) && p.isStored(v)) e.store(p.bufferOf(v), constIndex(0), registerOf(results[k]));
  });
  return [...kernels, { kind: "loops", name: eqn.op, spans: spansOf([node]), body: e.finish() }];
};
