/** Facts about kernel bodies that scheduling and emission share: uses, types, which values vary along an axis. */
import type {
  Address,
  AxisId,
  BufferId,
  ConstStmt,
  LoopStmt,
  OpStmt,
  RegType,
  Stmt,
  ValueId,
} from "./types.js";
import { directUses, endUses, innerStmts, walkStmts } from "./walk.js";

export { directUses, walkStmts };

/** Values that a loop reads at the end of each iteration. */
export const updateUses = (loop: LoopStmt): readonly ValueId[] =>
  loop.carries.map((c) => (c.kind === "reduce" ? c.value : c.next));

/** Nested expressions deeper than this are cut, since whoever walks them recurses. */
const MAX_DEPTH = 24;

export interface KernelFacts {
  readonly types: ReadonlyMap<ValueId, RegType>;
  readonly consts: ReadonlyMap<ValueId, ConstStmt>;
  readonly ops: ReadonlyMap<ValueId, OpStmt>;
  readonly uses: ReadonlyMap<ValueId, number>;
  /** Ops whose only use stands in the same statement list, not as an address: they can be emitted at that use. */
  readonly inlineable: ReadonlySet<ValueId>;
  readonly stored: ReadonlySet<BufferId>;
  /** The loops in which a tape gets rows, and may move for that. */
  readonly growing: ReadonlyMap<BufferId, ReadonlySet<AxisId>>;
}

const growingIn = (body: readonly Stmt[]): ReadonlyMap<BufferId, ReadonlySet<AxisId>> => {
  const growing = new Map<BufferId, Set<AxisId>>();
  const visit = (list: readonly Stmt[], axes: readonly AxisId[]): void => {
    for (const s of list) {
      if (s.kind === "row" || s.kind === "tape") {
        const own = growing.get(s.buffer) ?? new Set<AxisId>();
        growing.set(s.buffer, own);
        for (const axis of axes) own.add(axis);
      }
      const inside = s.kind === "loop" ? [...axes, s.axis] : axes;
      for (const inner of innerStmts(s)) visit(inner, inside);
    }
  };
  visit(body, []);
  return growing;
};

export const kernelFacts = (body: readonly Stmt[]): KernelFacts => {
  const types = new Map<ValueId, RegType>();
  const consts = new Map<ValueId, ConstStmt>();
  const ops = new Map<ValueId, OpStmt>();
  const uses = new Map<ValueId, number>();
  const stored = new Set<BufferId>();
  const local = new Set<ValueId>();
  const asAddress = new Set<ValueId>();

  const count = (id: ValueId): void => void uses.set(id, (uses.get(id) ?? 0) + 1);
  const scan = (list: readonly Stmt[], atEnd: readonly ValueId[]): void => {
    const defined = new Set<ValueId>();
    const use = (id: ValueId): void => {
      count(id);
      if (defined.has(id)) local.add(id);
    };
    for (const stmt of list) {
      directUses(stmt).forEach(use);
      if ((stmt.kind === "load" || stmt.kind === "store") && stmt.at.dynamic !== null)
        asAddress.add(stmt.at.dynamic);
      switch (stmt.kind) {
        case "const":
          types.set(stmt.id, stmt.type);
          consts.set(stmt.id, stmt);
          break;
        case "axis":
          types.set(stmt.id, "i32");
          break;
        case "op":
          types.set(stmt.id, stmt.type);
          ops.set(stmt.id, stmt);
          defined.add(stmt.id);
          break;
        case "load":
          types.set(stmt.id, stmt.type);
          break;
        case "row":
        case "tape":
          break;
        case "store":
          stored.add(stmt.buffer);
          break;
        case "check":
          break;
        case "loop":
          for (const c of stmt.carries) {
            types.set(c.result, c.type);
            if (c.kind === "recur") types.set(c.param, c.type);
          }
          break;
        case "if":
          for (const r of stmt.results) types.set(r.id, r.type);
          break;
        case "while":
          for (const c of stmt.carries) types.set(c.param, c.type).set(c.result, c.type);
          break;
      }
      const ends = endUses(stmt);
      innerStmts(stmt).forEach((inner, k) => void scan(inner, ends[k] ?? []));
    }
    atEnd.forEach(use);
  };
  scan(body, []);
  const inlineable = new Set<ValueId>();
  const depths = new Map<ValueId, number>();
  for (const [id, op] of ops) {
    const depth = 1 + Math.max(0, ...op.args.map((a) => (inlineable.has(a) ? (depths.get(a) ?? 0) : 0)));
    depths.set(id, depth);
    const once = local.has(id) && uses.get(id) === 1 && !asAddress.has(id);
    if (once && depth < MAX_DEPTH) inlineable.add(id);
  }
  return { types, consts, ops, uses, inlineable, stored, growing: growingIn(body) };
};

/** Elements by which an address moves when `axis` advances by one. */
export const coefficient = (at: Address, axis: AxisId): number =>
  at.terms.reduce((sum, term) => (term.axis === axis ? sum + term.stride : sum), 0);

/** How an access moves along the vector axis: not at all, to the next element, or elsewhere (lane by lane). */
export type AccessKind = "uniform" | "contiguous" | "gather";

export const accessKind = (at: Address, axis: AxisId, varying: ReadonlySet<ValueId>): AccessKind => {
  if (at.dynamic !== null && varying.has(at.dynamic)) return "gather";
  const stride = coefficient(at, axis);
  return stride === 0 ? "uniform" : stride === 1 ? "contiguous" : "gather";
};

/** The values in `loop`'s body that differ between iterations of its axis, and results of inner loops that do. */
export const varyingIn = (loop: LoopStmt): ReadonlySet<ValueId> => varyingAlong(loop.body, loop.axis);

/** The values in `body` that differ along `axis`; `seeds` vary by definition. A fixpoint, as carries feed back. */
export const varyingAlong = (
  body: readonly Stmt[],
  axis: AxisId,
  seeds: readonly ValueId[] = [],
): ReadonlySet<ValueId> => {
  const varying = new Set<ValueId>(seeds);
  const any = (ids: readonly ValueId[]): boolean => ids.some((id) => varying.has(id));
  const visit = (stmt: Stmt): void => {
    switch (stmt.kind) {
      case "axis":
        if (stmt.axis === axis) varying.add(stmt.id);
        break;
      case "op":
        if (any(stmt.args)) varying.add(stmt.id);
        break;
      case "load":
        if (accessKind(stmt.at, axis, varying) !== "uniform") varying.add(stmt.id);
        break;
      case "if":
        for (const r of stmt.results) if (any([stmt.cond, r.then, r.else])) varying.add(r.id);
        break;
      case "while":
        for (const c of stmt.carries)
          if (any([c.init, c.next, c.param, stmt.cond])) varying.add(c.param).add(c.result);
        break;
      case "loop": {
        const count = typeof stmt.extent === "number" ? null : stmt.extent.value;
        for (const c of stmt.carries) {
          if (c.kind === "reduce") {
            if (any([c.init, c.value])) varying.add(c.result);
          } else if (any([c.init, c.next, c.param]) || (count !== null && varying.has(count))) {
            varying.add(c.param);
            varying.add(c.result);
          }
        }
        break;
      }
      case "const":
      case "store":
      case "row":
      case "tape":
      case "check":
        break;
    }
  };
  for (let size = -1; size !== varying.size; ) {
    size = varying.size;
    walkStmts(body, visit);
  }
  return varying;
};
