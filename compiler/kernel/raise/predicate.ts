/**
 * Conditions as masks (J. R. Allen and others, Conversion of control dependence to data dependence, 1983): both sides
 * run, merged values are selected, a store writes the old value back where its condition does not hold. Only where what
 * is read in vain lies in the array, so that nothing but time is lost.
 */

import { unreachable } from "../../diagnostics.js";
import type { Address, BufferId, IfStmt, LoadStmt, Stmt, ValueId } from "../types.js";
import { innerStmts } from "../walk.js";
import type { Writer } from "./writer.js";

export interface PredicateContext {
  readonly w: Writer;
  /** Does the address always lie in its buffer? */
  readonly inside: (buffer: BufferId, at: Address) => boolean;
  readonly loadOf: (id: ValueId, buffer: BufferId, at: Address) => LoadStmt;
}

/** Thrown where a condition can't become a mask. */
export class Branching extends Error {}

/** The list without conditions. Throws `Branching`. */
export const predicated = (c: PredicateContext, stmts: readonly Stmt[]): readonly Stmt[] => {
  const out: Stmt[] = [];
  for (const s of stmts) write(c, s, null, out);
  return out;
};

/** `mask` holds where the statement runs; null: everywhere. */
const write = (c: PredicateContext, s: Stmt, mask: ValueId | null, out: Stmt[]): void => {
  const { w } = c;
  switch (s.kind) {
    case "const":
    case "axis":
    case "op":
      out.push(s);
      return;
    case "load":
      if (mask !== null && !c.inside(s.buffer, s.at)) throw new Branching();
      out.push(s);
      return;
    case "store": {
      if (mask === null) {
        out.push(s);
        return;
      }
      if (s.mode !== "set" || !c.inside(s.buffer, s.at)) throw new Branching();
      const old = c.loadOf(w.fresh(), s.buffer, s.at);
      out.push(old);
      out.push({ ...s, value: w.op(out, "select", old.type, [mask, s.value, old.id]) });
      return;
    }
    case "check": {
      if (mask === null) out.push(s);
      else {
        const idle = w.op(out, "not", "bool", [mask]);
        out.push({ ...s, cond: w.op(out, "or", "bool", [idle, s.cond]) });
      }
      return;
    }
    case "loop": {
      if (mask === null && !s.body.some((x) => innerStmts(x).length > 0)) {
        out.push(s);
        return;
      }
      const body: Stmt[] = [];
      for (const x of s.body) write(c, x, mask, body);
      out.push({ ...s, body });
      return;
    }
    case "if":
      writeIf(c, s, mask, out);
      return;
    case "while":
    case "row":
    case "tape":
      throw new Branching();
    default: {
      const never: never = s;
      unreachable(never);
    }
  }
};

const writeIf = (c: PredicateContext, s: IfStmt, mask: ValueId | null, out: Stmt[]): void => {
  const { w } = c;
  const both = (x: ValueId): ValueId => (mask === null ? x : w.op(out, "and", "bool", [mask, x]));
  if (s.then.length > 0) {
    const then = both(s.cond);
    for (const x of s.then) write(c, x, then, out);
  }
  if (s.else.length > 0) {
    const other = both(w.op(out, "not", "bool", [s.cond]));
    for (const x of s.else) write(c, x, other, out);
  }
  for (const r of s.results)
    out.push({ kind: "op", id: r.id, op: "select", type: r.type, args: [s.cond, r.then, r.else] });
};
