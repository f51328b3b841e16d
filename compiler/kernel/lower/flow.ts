/** The writer of control flow: statements with inner lists, whose carries and merged values are registers. */
import { internal } from "../../diagnostics.js";
import type { DType } from "../../ir/types.js";
import type { AxisId, BufferId, DynamicExtent, Merge, RecurCarry, Stmt, ValueId } from "../types.js";
import { axisIndex, type Index } from "./index-expr.js";

/** A trip count known when the loop is entered: an i32. */
export interface Count {
  readonly value: ValueId;
}

/** A value that control flow gives. */
export interface FlowValue {
  readonly type: DType;
  readonly init: ValueId;
}

/** Control flow: the functions write their parts, of which the results are the last values. */
export interface FlowEmitter {
  readonly forLoop: (
    trip: number | Count,
    carries: readonly FlowValue[],
    body: (counter: Index, params: readonly ValueId[]) => readonly ValueId[],
  ) => readonly ValueId[];
  readonly whileLoop: (
    carries: readonly FlowValue[],
    test: (params: readonly ValueId[]) => ValueId,
    body: (params: readonly ValueId[]) => readonly ValueId[],
  ) => readonly ValueId[];
  /** Both sides give values of `types`. */
  readonly branch: (
    cond: ValueId,
    types: readonly DType[],
    then: () => readonly ValueId[],
    otherwise: () => readonly ValueId[],
  ) => readonly ValueId[];
}

/** What it needs of the emitter whose statements it writes. */
export interface FlowParts {
  /** Opens a statement list; gives it. */
  readonly openScope: (kind: "test" | "body" | "branch") => readonly Stmt[];
  /** Opens the body of a loop of `most` iterations at most. */
  readonly openFor: (most: number, extent: number | DynamicExtent) => AxisId;
  /** Ends the innermost list; gives it. */
  readonly closeScope: () => readonly Stmt[];
  readonly write: (stmt: Stmt) => void;
  /** A register of the innermost list. */
  readonly fresh: () => ValueId;
  /** The number that a count always is, or null. */
  readonly countOf: (count: Count) => number | null;
  /** The most that a count can be. */
  readonly mostOf: (count: Count) => number;
  /** What each buffer's loads are numbered by: two of one version see the same contents. */
  readonly versions: Map<BufferId, number>;
  readonly newVersion: (buffer: BufferId) => void;
}

export const createFlow = (p: FlowParts): FlowEmitter => {
  const recurs = (
    carries: readonly FlowValue[],
    params: readonly ValueId[],
    next: readonly ValueId[],
  ): readonly RecurCarry[] =>
    carries.map(({ type, init }, k) => {
      const [param, last] = [params[k], next[k]];
      if (param === undefined || last === undefined) return internal("a carry lacks a value");
      return { kind: "recur", type, init, param, next: last, result: p.fresh() };
    });

  return {
    forLoop: (trip, carries, body) => {
      const known = typeof trip === "number" ? trip : (p.countOf(trip) ?? trip);
      if (typeof known === "number" && known < 1) return carries.map((c) => c.init);
      const most = typeof known === "number" ? known : Math.max(1, p.mostOf(known));
      const extent = typeof known === "number" ? known : { value: known.value, most };
      const axis = p.openFor(most, extent);
      const params = carries.map(p.fresh);
      const next = body(axisIndex(axis, most), params);
      const inside = p.closeScope();
      const values = recurs(carries, params, next);
      p.write({ kind: "loop", axis, extent, parallel: false, carries: values, body: inside });
      return values.map((c) => c.result);
    },
    whileLoop: (carries, test, body) => {
      const head = p.openScope("test");
      const params = carries.map(p.fresh);
      const cond = test(params);
      p.openScope("body");
      const next = body(params);
      const inner = p.closeScope();
      p.closeScope();
      const values = recurs(carries, params, next);
      p.write({ kind: "while", carries: values, test: head, cond, body: inner });
      return values.map((c) => c.result);
    },
    branch: (cond, types, then, otherwise) => {
      const before = new Map(p.versions);
      const first = p.openScope("branch");
      const thenValues = then();
      p.closeScope();
      const written = [...p.versions].filter(([buffer, version]) => before.get(buffer) !== version);
      for (const [buffer] of written) p.versions.set(buffer, before.get(buffer) ?? 0);
      const second = p.openScope("branch");
      const elseValues = otherwise();
      p.closeScope();
      for (const [buffer] of written) p.newVersion(buffer);
      const results = types.map((type, k): Merge => {
        const [a, b] = [thenValues[k], elseValues[k]];
        if (a === undefined || b === undefined) return internal("a condition lacks a value");
        return { id: p.fresh(), type, then: a, else: b };
      });
      p.write({ kind: "if", cond, then: first, else: second, results });
      return results.map((r) => r.id);
    },
  };
};
