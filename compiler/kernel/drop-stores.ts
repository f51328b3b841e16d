/** Stores that nothing sees: another overwrites the element before anything can read it. */
import { sameAddress } from "./raise/dependence.js";
import type { Stmt, StoreStmt } from "./types.js";
import { innerStmts, mapInner } from "./walk.js";

/** Drops them from every list; only what stands in one list is compared. A failing check discards all results. */
export const dropStores = (body: readonly Stmt[]): readonly Stmt[] => {
  let later: StoreStmt[] = [];
  const kept: Stmt[] = [];
  for (const s of [...body].reverse()) {
    if (innerStmts(s).length > 0) {
      kept.push(mapInner(s, dropStores));
      later = [];
      continue;
    }
    if (s.kind === "load") later = later.filter((t) => t.buffer !== s.buffer);
    else if (s.kind === "tape" || s.kind === "row") later = [];
    else if (s.kind === "store") {
      if (later.some((t) => t.buffer === s.buffer && sameAddress(t.at, s.at))) continue;
      if (s.mode === "set") later.push(s);
      else later = later.filter((t) => t.buffer !== s.buffer);
    }
    kept.push(s);
  }
  return kept.reverse();
};
