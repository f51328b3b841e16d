/**
 * Contracts a*b + c, c + a*b, a*b - c and c - a*b into one `fma` where the product has no other use. Allowed in f32 (and
 * in f64 with `fast`); never in a strict program. A sum carry whose value is a product is left to the target.
 */
import { internal } from "../../diagnostics.js";
import type { RegType, Stmt, ValueId } from "../types.js";

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
      if (s.kind === "loop") {
        for (const c of s.carries) if (c.kind === "recur") depthOf.set(c.param, depth + 1);
        out.push({ ...s, body: visit(s.body, depth + 1) });
        for (const c of s.carries) depthOf.set(c.result, depth);
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

/** One more than the highest register. */
export const nextRegister = (body: readonly Stmt[]): ValueId => {
  let next = 0;
  for (const s of body) {
    if ("id" in s) next = Math.max(next, s.id + 1);
    if (s.kind !== "loop") continue;
    for (const c of s.carries) next = Math.max(next, c.result + 1, c.kind === "recur" ? c.param + 1 : 0);
    next = Math.max(next, nextRegister(s.body));
  }
  return next;
};

/** How often each register is read. */
export const countUses = (body: readonly Stmt[]): ReadonlyMap<ValueId, number> => {
  const uses = new Map<ValueId, number>();
  const use = (v: ValueId | null): void => {
    if (v !== null) uses.set(v, (uses.get(v) ?? 0) + 1);
  };
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts) {
      switch (s.kind) {
        case "const":
        case "axis":
          break;
        case "op":
          s.args.forEach(use);
          break;
        case "load":
          use(s.at.dynamic);
          break;
        case "store":
          use(s.at.dynamic);
          use(s.value);
          break;
        case "check":
          use(s.cond);
          use(s.detail);
          break;
        case "loop":
          for (const c of s.carries) {
            use(c.init);
            use(c.kind === "reduce" ? c.value : c.next);
          }
          visit(s.body);
          break;
        default: {
          const never: never = s;
          internal(`unexpected statement ${JSON.stringify(never)}`);
        }
      }
    }
  };
  visit(body);
  return uses;
};

/** Drops registers that nothing reads. */
export const dropUnused = (body: readonly Stmt[]): readonly Stmt[] => {
  const live = new Set<ValueId>();
  const need = (v: ValueId | null): void => {
    if (v !== null) live.add(v);
  };
  const visit = (stmts: readonly Stmt[]): readonly Stmt[] => {
    const kept: Stmt[] = [];
    for (const s of [...stmts].reverse()) {
      switch (s.kind) {
        case "const":
        case "axis":
          if (live.has(s.id)) kept.push(s);
          break;
        case "op":
          if (!live.has(s.id)) break;
          s.args.forEach(need);
          kept.push(s);
          break;
        case "load":
          if (!live.has(s.id)) break;
          need(s.at.dynamic);
          kept.push(s);
          break;
        case "store":
          need(s.at.dynamic);
          need(s.value);
          kept.push(s);
          break;
        case "check":
          need(s.cond);
          need(s.detail);
          kept.push(s);
          break;
        case "loop":
          for (const c of s.carries) {
            need(c.init);
            need(c.kind === "reduce" ? c.value : c.next);
          }
          kept.push({ ...s, body: visit(s.body) });
          break;
        default: {
          const never: never = s;
          internal(`unexpected statement ${JSON.stringify(never)}`);
        }
      }
    }
    return kept.reverse();
  };
  return visit(body);
};
