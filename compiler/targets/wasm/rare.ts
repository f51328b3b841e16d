/** Emission of what is seldom needed under a condition: skipped where that holds in no lane. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { RareGroup } from "../../kernel/math/rare.js";
import type { OpStmt, ValueId } from "../../kernel/types.js";
import { get, newLocal, set, wasmType } from "./asm.js";
import { VECTOR_RULES } from "./simd.js";
import { bindScalar, type Region, scalar, typeOf, type VectorRegion, vector } from "./values.js";

type Emit = (region: Region, stmt: OpStmt) => void;

const operand = (select: OpStmt, k: 1 | 2): ValueId => select.args[k] ?? internal("select lacks an operand");

/** r = usual; if (cond) { body; r = rare } */
export const emitRareScalar = (region: Region, group: RareGroup, emit: Emit): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const results = group.selects.map((s) => ({ s, local: newLocal(fn, wasmType(s.type)) }));
  for (const { s, local } of results) out.push(set(fn, local, scalar(ctx, operand(s, 2))));
  const inner: Region = { ...region, out: [] };
  for (const s of group.body) emit(inner, s);
  for (const { s, local } of results) inner.out.push(set(fn, local, scalar(ctx, operand(s, 1))));
  out.push(fn.m.if(scalar(ctx, group.cond), fn.m.block(null, inner.out)));
  for (const { s, local } of results) bindScalar(region, s.id, local);
};

/** r = usual; if (cond in any lane) { body; r = cond ? rare : r }, for one copy. */
export const emitRareVector = (
  region: Region,
  vec: VectorRegion,
  group: RareGroup,
  copy: number,
  emit: Emit,
): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const values = vec.copies[copy] ?? internal(`copy ${copy} does not exist`);
  const mask = newLocal(fn, binaryen.v128);
  out.push(set(fn, mask, vector(ctx, vec, group.cond, copy)));
  const results = group.selects.map((s) => ({ s, local: newLocal(fn, binaryen.v128) }));
  for (const { s, local } of results) out.push(set(fn, local, vector(ctx, vec, operand(s, 2), copy)));
  const inner: Region = { ...region, out: [] };
  for (const s of group.body) emit(inner, s);
  for (const { s, local } of results) {
    const types = s.args.map((id) => typeOf(ctx, id));
    const call = { fn, lanes: vec.lanes, types, from: s.type, to: s.type, uniformCount: null };
    const args = [get(fn, mask), vector(ctx, vec, operand(s, 1), copy), get(fn, local)];
    inner.out.push(set(fn, local, VECTOR_RULES.select(call, args)));
  }
  out.push(fn.m.if(fn.m.v128.any_true(get(fn, mask)), fn.m.block(null, inner.out)));
  for (const { s, local } of results) values.set(s.id, { take: () => get(fn, local) });
};
