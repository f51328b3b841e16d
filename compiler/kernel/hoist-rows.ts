/**
 * Rows of tapes that a counted loop makes one after the other are made at once, before it: the one with the greatest index
 * makes the others exist too. So the loop neither compares nor finds its tapes moved.
 */
import { createWriter, type Writer } from "./raise/writer.js";
import type { BufferId, LoopStmt, OpStmt, RowStmt, Stmt, ValueId } from "./types.js";
import { definedBy, mapInner, nextRegister, walkStmts } from "./walk.js";

/** How an index depends on the loop's counter: by how much it changes per iteration, and the body's ops that it is made of. */
interface Chain {
  readonly step: number;
  readonly ops: readonly OpStmt[];
}

/** The loop as far as indices are concerned. */
interface Body {
  readonly ops: ReadonlyMap<ValueId, OpStmt>;
  readonly counters: ReadonlySet<ValueId>;
  readonly defined: ReadonlySet<ValueId>;
}

const chainOf = (body: Body, id: ValueId): Chain | null => {
  if (body.counters.has(id)) return { step: 1, ops: [] };
  if (!body.defined.has(id)) return { step: 0, ops: [] };
  const s = body.ops.get(id);
  const [x, y] = s?.args ?? [];
  if (s === undefined || s.type !== "i32" || x === undefined || y === undefined) return null;
  if (s.op !== "add" && s.op !== "sub") return null;
  const [a, b] = [chainOf(body, x), chainOf(body, y)];
  if (a === null || b === null) return null;
  return { step: s.op === "add" ? a.step + b.step : a.step - b.step, ops: [...a.ops, ...b.ops, s] };
};

/** The statements that make the row that `row` makes where the counter is `counter`. */
const rowAt = (
  w: Writer,
  { counters }: Body,
  { ops }: Chain,
  row: RowStmt,
  counter: ValueId,
): readonly Stmt[] => {
  const made: Stmt[] = [];
  const images = new Map<ValueId, ValueId>();
  const image = (id: ValueId): ValueId => images.get(id) ?? (counters.has(id) ? counter : id);
  for (const s of ops) if (!images.has(s.id)) images.set(s.id, w.op(made, s.op, s.type, s.args.map(image)));
  return [...made, { ...row, index: image(row.index) }];
};

/** What makes the rows, and the loop without them. */
const hoistFrom = (w: Writer, loop: LoopStmt): readonly Stmt[] => {
  if (!loop.body.some((s) => s.kind === "row")) return [loop];
  const ops = new Map<ValueId, OpStmt>();
  const counters = new Set<ValueId>();
  for (const s of loop.body) {
    if (s.kind === "op") ops.set(s.id, s);
    if (s.kind === "axis" && s.axis === loop.axis) counters.add(s.id);
  }
  const defined = new Set<ValueId>(loop.carries.flatMap((c) => (c.kind === "recur" ? [c.param] : [])));
  walkStmts(loop.body, (s) => {
    for (const id of definedBy(s)) defined.add(id);
  });
  const body: Body = { ops, counters, defined };
  const replaced = new Set<BufferId>();
  walkStmts(loop.body, (s) => {
    if (s.kind === "tape") replaced.add(s.buffer);
  });
  const before: Stmt[] = [];
  const one = w.constant("i32", 1);
  const zero = w.constant("i32", 0);
  const { extent } = loop;
  const setup: Stmt[] = [];
  const count = typeof extent === "number" ? w.constant("i32", extent) : extent.value;
  const last = w.op(setup, "sub", "i32", [count, one]);
  const kept = loop.body.filter((s) => {
    const chain = s.kind === "row" && !replaced.has(s.buffer) ? chainOf(body, s.index) : null;
    if (s.kind !== "row" || chain === null) return true;
    before.push(...rowAt(w, body, chain, s, chain.step > 0 ? last : zero));
    return false;
  });
  if (before.length === 0) return [loop];
  const next: LoopStmt = { ...loop, body: kept };
  if (typeof extent === "number") return [...setup, ...before, next];
  const runs = w.fresh();
  return [
    { kind: "op", id: runs, op: "gt", type: "bool", args: [count, zero] },
    { kind: "if", cond: runs, then: [...setup, ...before], else: [], results: [] },
    next,
  ];
};

export const hoistRows = (body: readonly Stmt[]): readonly Stmt[] => {
  let rows = false;
  walkStmts(body, (s) => {
    rows ||= s.kind === "row";
  });
  if (!rows) return body;
  const w = createWriter(nextRegister(body));
  const visit = (stmts: readonly Stmt[]): readonly Stmt[] =>
    stmts.flatMap((s) => {
      const mapped = mapInner(s, visit);
      return mapped.kind === "loop" ? hoistFrom(w, mapped) : [mapped];
    });
  const moved = visit(body);
  return [...w.constants(), ...moved];
};
