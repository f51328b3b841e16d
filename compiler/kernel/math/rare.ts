/** Finds what only the rare sides of selects need, so that a target can skip it: see `OpStmt.rare`. */
import type { OpStmt, PlainStmt, ValueId } from "../types.js";

/** Selects of one condition, and the ops whose values only their second operands need, in order. */
export interface RareGroup {
  readonly kind: "rare";
  readonly cond: ValueId;
  readonly body: readonly OpStmt[];
  readonly selects: readonly OpStmt[];
}

/** Neighbouring rare selects with one condition; constants may stand between them. */
const neighbours = (stmts: readonly PlainStmt[], movable: (s: OpStmt) => boolean): readonly OpStmt[][] => {
  const groups: OpStmt[][] = [];
  let open: OpStmt[] | null = null;
  for (const s of stmts) {
    if (s.kind === "const") continue;
    if (s.kind !== "op" || s.rare !== true || !movable(s)) open = null;
    else if (open?.[0]?.args[0] === s.args[0]) open?.push(s);
    else {
      open = [s];
      groups.push(open);
    }
  }
  return groups;
};

/**
 * `stmts` in order, each group in place of its first select.
 * @param uses how often the kernel reads each value
 * @param movable whether an op is computed exactly as often as the selects' condition (in vectors: varies along the axis)
 */
export const splitRare = (
  stmts: readonly PlainStmt[],
  uses: ReadonlyMap<ValueId, number>,
  movable: (s: OpStmt) => boolean,
): readonly (PlainStmt | RareGroup)[] => {
  const moved = new Set<PlainStmt>();
  const groups = new Map<PlainStmt, RareGroup>();
  for (const selects of neighbours(stmts, movable)) {
    const [first] = selects;
    const cond = first?.args[0];
    if (first === undefined || cond === undefined) continue;
    const reads = new Map<ValueId, number>();
    const read = (id: ValueId | undefined): void => {
      if (id !== undefined) reads.set(id, (reads.get(id) ?? 0) + 1);
    };
    for (const s of selects) read(s.args[1]);
    const body: OpStmt[] = [];
    // from the last to the first: when an op is reached, all its readers have been
    for (const s of stmts.slice(0, stmts.indexOf(first)).reverse()) {
      if (s.kind !== "op" || moved.has(s) || !movable(s)) continue;
      const n = reads.get(s.id);
      if (n === undefined || n !== uses.get(s.id)) continue;
      body.push(s);
      s.args.forEach(read);
    }
    if (body.length === 0) continue;
    for (const s of [...body, ...selects]) moved.add(s);
    groups.set(first, { kind: "rare", cond, body: body.reverse(), selects });
  }
  if (groups.size === 0) return stmts;
  return stmts.flatMap((s): readonly (PlainStmt | RareGroup)[] => {
    const group = groups.get(s);
    if (group !== undefined) return [group];
    return moved.has(s) ? [] : [s];
  });
};
