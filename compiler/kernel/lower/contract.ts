/**
 * Contracts a*b + c, c + a*b, a*b - c and c - a*b into one `fma` where the product has no other use. Allowed in f32 (and
 * in f64 with `fast`); never in a strict program. A sum carry whose value is a product is left to the target.
 */
import type { RegType, Stmt, ValueId } from "../types.js";
import { countUses, innerStmts, mapInner } from "../walk.js";

interface Product {
  readonly args: readonly [ValueId, ValueId];
  readonly depth: number;
}

export const contractMultiplyAdds = (
  body: readonly Stmt[],
  types: ReadonlySet<RegType>,
  fresh: () => ValueId,
): readonly Stmt[] => {
  const uses = countUses(body);
  const products = new Map<ValueId, Product>();
  const depthOf = new Map<ValueId, number>();
  const constants = new Set<ValueId>();

  const visit = (stmts: readonly Stmt[], depth: number): readonly Stmt[] => {
    const out: Stmt[] = [];
    for (const s of stmts) {
      if (innerStmts(s).length > 0) {
        if (s.kind === "loop" || s.kind === "while")
          for (const c of s.carries) if (c.kind === "recur") depthOf.set(c.param, depth + 1);
        out.push(mapInner(s, (body) => visit(body, depth + 1)));
        if (s.kind === "loop" || s.kind === "while") for (const c of s.carries) depthOf.set(c.result, depth);
        continue;
      }
      if (s.kind === "const") constants.add(s.id);
      if ("id" in s) depthOf.set(s.id, depth);
      if (s.kind !== "op" || !types.has(s.type)) {
        out.push(s);
        continue;
      }
      const [a, b] = s.args;
      if (a === undefined || b === undefined) {
        out.push(s);
        continue;
      }
      if (s.op === "mul") products.set(s.id, { args: [a, b], depth });
      const fused = (x: ValueId, y: ValueId, z: ValueId): void =>
        void out.push({ kind: "op", id: s.id, op: "fma", args: [x, y, z], type: s.type });
      /** The product behind `v`, if it is made here and nothing else wants it. */
      const product = (v: ValueId): Product | null => {
        const p = products.get(v);
        return p !== undefined && uses.get(v) === 1 && p.depth === depth ? p : null;
      };
      const negated = (v: ValueId): ValueId => {
        const id = fresh();
        depthOf.set(id, depth);
        out.push({ kind: "op", id, op: "neg", args: [v], type: s.type });
        return id;
      };
      const [pa, pb] = [product(a), product(b)];
      if (s.op === "add" && pb !== null) fused(pb.args[0], pb.args[1], a);
      else if (s.op === "add" && pa !== null) fused(pa.args[0], pa.args[1], b);
      // c - a*b = (-a)*b + c, where negating costs no instruction per element
      else if (s.op === "sub" && pb !== null && pb.args.some((x) => isOuter(x))) {
        const [x, y] = pb.args;
        const [flip, other] = isOuter(x) ? [x, y] : [y, x];
        fused(negated(flip), other, a);
      } else if (s.op === "sub" && pa !== null && isOuter(b)) fused(pa.args[0], pa.args[1], negated(b));
      else out.push(s);

      function isOuter(v: ValueId): boolean {
        return constants.has(v) || (depthOf.get(v) ?? depth) < depth;
      }
    }
    return out;
  };
  return visit(body, 0);
};
