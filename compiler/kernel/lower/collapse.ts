/**
 * Merges a loop with the only loop in its body where every address advances by the inner loop's whole length per outer
 * step: a map over [1000, 1000] becomes one loop of 1e6.
 */
import type { Address, AxisId, Carry, LoopStmt, ReduceCarry, Stmt, ValueId } from "../types.js";
import { innerStmts, mapInner } from "../walk.js";
import { identityOf } from "./decompose.js";

export const collapseLoops = (body: readonly Stmt[]): readonly Stmt[] => {
  const constants = new Map<ValueId, number | bigint>();
  for (const s of body) if (s.kind === "const") constants.set(s.id, s.value);
  const visit = (stmts: readonly Stmt[]): readonly Stmt[] =>
    stmts.map((s) => {
      const mapped = mapInner(s, visit);
      return mapped.kind === "loop" ? collapse(mapped) : mapped;
    });
  const collapse = (outer: LoopStmt): LoopStmt => {
    const [inner, more] = outer.body;
    if (inner?.kind !== "loop" || more !== undefined || inner.parallel !== outer.parallel) return outer;
    const [rows, columns] = [outer.extent, inner.extent];
    if (typeof rows !== "number" || typeof columns !== "number") return outer;
    const carries = mergeCarries(outer.carries, inner.carries, constants);
    if (carries === null) return outer;
    if (
      !allAddresses(
        inner.body,
        outer.axis,
        (at) => strideOf(at, outer.axis) === strideOf(at, inner.axis) * columns,
      )
    )
      return outer;
    const merged = withoutAxis(inner.body, outer.axis);
    return { ...inner, extent: rows * columns, carries, body: merged };
  };
  return visit(body);
};

const strideOf = (at: Address, axis: AxisId): number => at.terms.find((t) => t.axis === axis)?.stride ?? 0;

/** Do all addresses satisfy `holds`, and is neither counter read as a value? Called with the inner loop's body. */
const allAddresses = (body: readonly Stmt[], outer: AxisId, holds: (at: Address) => boolean): boolean =>
  body.every((s) => {
    switch (s.kind) {
      case "load":
      case "store":
        return holds(s.at);
      case "axis":
        return false;
      case "loop":
      case "if":
      case "while":
        return innerStmts(s).every((inner) => allAddresses(inner, outer, holds));
      case "const":
      case "op":
      case "row":
      case "check":
        return true;
      case "tape":
        return false;
      default: {
        const never: never = s;
        return never;
      }
    }
  });

const withoutAxis = (body: readonly Stmt[], axis: AxisId): readonly Stmt[] => {
  const clean = (at: Address): Address => ({ ...at, terms: at.terms.filter((t) => t.axis !== axis) });
  return body.map((s): Stmt => {
    if (s.kind === "load" || s.kind === "store") return { ...s, at: clean(s.at) };
    return mapInner(s, (inner) => withoutAxis(inner, axis));
  });
};

/** The carries of both loops as one; null where the outer loop does more than combine the inner loop's results. */
const mergeCarries = (
  outer: readonly Carry[],
  inner: readonly Carry[],
  constants: ReadonlyMap<ValueId, number | bigint>,
): readonly Carry[] | null => {
  if (outer.length !== inner.length) return null;
  const merged: Carry[] = [];
  for (const o of outer) {
    const i = inner.find((c) => isNested(o, c, constants));
    if (i === undefined) return null;
    if (i.kind === "reduce") merged.push({ ...i, init: o.init, result: o.result });
    else merged.push({ ...i, init: o.init, result: o.result, param: i.param });
  }
  return merged;
};

const isNested = (o: Carry, i: Carry, constants: ReadonlyMap<ValueId, number | bigint>): boolean => {
  if (o.kind === "recur") return i.kind === "recur" && i.init === o.param && o.next === i.result;
  return (
    i.kind === "reduce" && o.value === i.result && o.combine === i.combine && startsNeutral(i, constants)
  );
};
const startsNeutral = (c: ReduceCarry, constants: ReadonlyMap<ValueId, number | bigint>): boolean =>
  constants.get(c.init) === identityOf(c.combine, c.type);
