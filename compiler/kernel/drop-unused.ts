/** Dead code of kernels. */
import type { Stmt, ValueId } from "./types.js";
import { directUses, endUses, innerStmts, mapInner } from "./walk.js";

/** Drops values that nothing reads, and conditions without effect. */
export const dropUnused = (body: readonly Stmt[]): readonly Stmt[] => {
  const live = new Set<ValueId>();
  const visit = (stmts: readonly Stmt[]): readonly Stmt[] => {
    const kept: Stmt[] = [];
    for (const s of [...stmts].reverse()) {
      if ("id" in s && !live.has(s.id)) continue;
      const stmt = s.kind === "if" ? { ...s, results: s.results.filter((r) => live.has(r.id)) } : s;
      for (const v of endUses(stmt).flat()) live.add(v);
      // the body of a `while` reads what its test defines: the test comes last
      const inner = [...innerStmts(stmt)].reverse().map(visit).reverse();
      if (stmt.kind === "if" && stmt.results.length === 0 && inner.every((list) => list.length === 0))
        continue;
      for (const v of directUses(stmt)) live.add(v);
      let k = 0;
      kept.push(mapInner(stmt, () => inner[k++] ?? []));
    }
    return kept.reverse();
  };
  return visit(body);
};
