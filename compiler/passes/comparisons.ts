/** Comparisons whose value ranges decide. */
import type { Eqn, Var } from "../ir/types.js";
import type { Range } from "./range.js";

const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
type Comparison = (typeof COMPARISONS)[number];

/** The value of a comparison if ranges decide it; null for other equations. */
export const decided = (eqn: Eqn | undefined, range: (v: Var) => Range | null): boolean | null => {
  const op = COMPARISONS.find((name) => name === eqn?.op);
  const [x, y] = eqn?.inputs ?? [];
  if (op === undefined || x === undefined || y === undefined) return null;
  return decidedBy(op, range(x), range(y), x === y);
};

/** The comparison's value if ranges decide it. */
const decidedBy = (op: Comparison, x: Range | null, y: Range | null, same: boolean): boolean | null => {
  if (x === null || y === null) return null;
  const apart = x.hi < y.lo || x.lo > y.hi;
  const equal = same || (x.lo === x.hi && y.lo === y.hi && x.lo === y.lo);
  switch (op) {
    case "eq":
      return equal ? true : apart ? false : null;
    case "ne":
      return equal ? false : apart ? true : null;
    case "lt":
      return x.hi < y.lo ? true : same || x.lo >= y.hi ? false : null;
    case "le":
      return same || x.hi <= y.lo ? true : x.lo > y.hi ? false : null;
    case "gt":
      return decidedBy("lt", y, x, same);
    case "ge":
      return decidedBy("le", y, x, same);
  }
};
