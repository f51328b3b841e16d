/**
 * The register tile of a matrix product: a function that accumulates rows x columns of C over one block of k, then runs
 * the epilogue on the finished product.
 */
import binaryen from "binaryen";
import type { Buffer, BufferId, MatmulKernel } from "../../kernel/types.js";
import type { Base } from "./address.js";
import {
  addConst,
  type Expr,
  type Fn,
  finishFn,
  get,
  i32,
  type Local,
  multiplyAdd,
  newFn,
  newLabel,
  newLocal,
  set,
} from "./asm.js";
import {
  epilogueContext,
  rowLoopEpilogue,
  STAGE_FINISH,
  STAGE_RESUME,
  TILE_PARAMS,
  type TileSpec,
  UNROLLED_EPILOGUE,
  unrolledEpilogue,
} from "./matmul-epilogue.js";
import { loadVector } from "./memory.js";

const P = TILE_PARAMS;

export const emitTile = (
  m: binaryen.Module,
  fma: boolean,
  spec: TileSpec,
  buffers: ReadonlyMap<BufferId, Buffer>,
  bases: (fn: Fn) => (id: BufferId) => Base,
): void => {
  const { kernel, plan } = spec;
  const params = Array.from({ length: P.batch + kernel.batch.length }, () => binaryen.i32);
  const fn = newFn(m, fma, spec.name, params);
  const vectors = Math.ceil(spec.columns / plan.lanes);
  const acc = Array.from({ length: spec.rows }, () =>
    Array.from({ length: vectors }, () => newLocal(fn, binaryen.v128)),
  );
  const flat = acc.flat();
  const split = plan.blockK < kernel.k;
  const zero = (): Expr => m.v128.const(new Uint8Array(16));
  const zeros = flat.map((local) => set(fn, local, zero()));
  const resume = flat.map((local, k) => set(fn, local, m.v128.load(16 * k, 16, get(fn, P.partial))));
  const save = flat.map((local, k) => m.v128.store(16 * k, 16, get(fn, P.partial), get(fn, local)));
  const staged = (bit: number): Expr => m.i32.and(get(fn, P.stage), i32(fn, bit));
  const context = epilogueContext(fn, kernel, buffers, bases(fn));
  const looped = kernel.epilogue.length > UNROLLED_EPILOGUE && spec.rows > 1;
  const finish = looped
    ? [...save, ...rowLoopEpilogue(context, spec, vectors)]
    : unrolledEpilogue(context, spec, acc);
  const body = split ? [m.if(staged(STAGE_RESUME), m.block(null, resume), m.block(null, zeros))] : zeros;
  body.push(...accumulate(fn, spec, acc));
  if (split) body.push(m.if(staged(STAGE_FINISH), m.block(null, finish), m.block(null, save)));
  else body.push(...finish);
  finishFn(fn, binaryen.none, body);
};

/** acc[i][j] += a[i, k] * b[k, j] for `depth` values of k. */
const accumulate = (fn: Fn, spec: TileSpec, acc: readonly (readonly Local[])[]): Expr[] => {
  const { m } = fn;
  const { kernel, plan, rows } = spec;
  const size = kernel.dtype === "f64" ? 8 : 4;
  const vectors = acc[0]?.length ?? 0;
  const width = plan.packRhs ? vectors * plan.lanes : kernel.rhs.rowStride;
  const lhsStep = (plan.packLhs ? rows : kernel.lhs.colStride) * size;
  const lhsRow = (plan.packLhs ? 1 : kernel.lhs.rowStride) * size;
  const rhsStep = width * size;
  const pointers = Array.from({ length: rows }, () => newLocal(fn, binaryen.i32));
  const b = Array.from({ length: vectors }, () => newLocal(fn, binaryen.v128));
  const a = newLocal(fn, binaryen.v128);
  const out = pointers.map((p, i) => set(fn, p, addConst(fn, get(fn, P.lhs), i * lhsRow)));

  const oneK = (u: number): Expr[] => {
    const code = b.map((local, j) => set(fn, local, loadColumns(fn, spec, j, u * rhsStep)));
    acc.forEach((row, i) => {
      code.push(set(fn, a, splatLoad(fn, size, pointers[i] ?? 0, u * lhsStep)));
      row.forEach((c, j) => {
        code.push(set(fn, c, product(fn, kernel.dtype, get(fn, a), get(fn, b[j] ?? 0), get(fn, c))));
      });
    });
    return code;
  };
  const advance = (count: number): Expr[] => [
    ...pointers.map((p) => set(fn, p, addConst(fn, get(fn, p), count * lhsStep))),
    set(fn, P.rhs, addConst(fn, get(fn, P.rhs), count * rhsStep)),
    set(fn, P.depth, addConst(fn, get(fn, P.depth), -count)),
  ];
  /** Every block's depth is a multiple of `count`, or the loop is guarded. */
  const loop = (count: number, guarded: boolean): Expr => {
    const label = newLabel(fn, "k");
    const steps = Array.from({ length: count }, (_, u) => oneK(u)).flat();
    const more = m.i32.ge_s(get(fn, P.depth), i32(fn, count));
    const body = m.loop(label, m.block(null, [...steps, ...advance(count), m.br_if(label, more)]));
    return guarded ? m.if(m.i32.ge_s(get(fn, P.depth), i32(fn, count)), body) : body;
  };
  const { unrollK } = plan;
  const depths = [Math.min(plan.blockK, kernel.k), kernel.k % plan.blockK].filter((d) => d > 0);
  const exact = depths.every((d) => d % unrollK === 0);
  if (kernel.k === 0) return [];
  out.push(
    loop(
      unrollK,
      depths.some((d) => d < unrollK),
    ),
  );
  if (!exact) out.push(loop(1, true));
  return out;
};

const splatLoad = (fn: Fn, size: number, pointer: Local, bytes: number): Expr => {
  const [offset, address] =
    bytes < 0 ? [0, addConst(fn, get(fn, pointer), bytes)] : [bytes, get(fn, pointer)];
  return size === 8 ? fn.m.v128.load64_splat(offset, 8, address) : fn.m.v128.load32_splat(offset, 4, address);
};

/** Vector j of B's row, from the panel or in place. */
const loadColumns = (fn: Fn, spec: TileSpec, j: number, bytes: number): Expr => {
  const { kernel, plan, columns } = spec;
  const at = { pointer: () => get(fn, P.rhs), bytes: bytes + 16 * j };
  const active = plan.packRhs ? plan.lanes : Math.min(plan.lanes, columns - j * plan.lanes);
  return loadVector(fn, kernel.dtype, plan.lanes, active, at);
};

const product = (fn: Fn, dtype: MatmulKernel["dtype"], a: Expr, b: Expr, c: Expr): Expr =>
  dtype === "f32" || dtype === "f64"
    ? multiplyAdd(fn, dtype, a, b, c)
    : fn.m.i32x4.add(c, fn.m.i32x4.mul(a, b));
