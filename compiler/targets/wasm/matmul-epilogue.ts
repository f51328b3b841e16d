/** What happens to a finished tile of a matrix product: the kernel's epilogue, in vectors along n, row by row. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import { SCALAR_PLAN } from "../../kernel/schedule.js";
import { kernelFacts, varyingAlong, walkStmts } from "../../kernel/schedule-analysis.js";
import type { MatmulPlan } from "../../kernel/schedule-matmul.js";
import type { Buffer, BufferId, MatmulKernel, PlainStmt, Stmt } from "../../kernel/types.js";
import { type Base, type Frame, newFrame, pointersAtCounter } from "./address.js";
import {
  addConst,
  type Expr,
  type Fn,
  get,
  i32,
  is64,
  type Lanes,
  type Local,
  newLabel,
  newLocal,
  set,
} from "./asm.js";
import { emitRun } from "./body.js";
import { type Context, splattedIn, type Values } from "./values.js";

/** Parameters of a tile function; batch counters follow. */
export const TILE_PARAMS = {
  table: 0,
  lhs: 1,
  rhs: 2,
  depth: 3,
  /** Address of the tile's partial product, or of a tile of scratch. */
  partial: 4,
  /** Bit 0: start from the partial product; bit 1: the contraction ends here, run the epilogue. */
  stage: 5,
  m: 6,
  n: 7,
  batch: 8,
} as const;
export const STAGE_RESUME = 1;
export const STAGE_FINISH = 2;

export interface TileSpec {
  readonly name: string;
  readonly kernel: MatmulKernel;
  readonly plan: MatmulPlan;
  readonly rows: number;
  /** Columns, of which the last vector may hold fewer than all lanes. */
  readonly columns: number;
}

/** Statements up to which the epilogue is written out per row; longer ones loop over the rows of the tile in scratch. */
export const UNROLLED_EPILOGUE = 8;

const P = TILE_PARAMS;

export const epilogueContext = (
  fn: Fn,
  kernel: MatmulKernel,
  buffers: ReadonlyMap<BufferId, Buffer>,
  base: (id: BufferId) => Base,
): Context => {
  const facts = kernelFacts(kernel.epilogue);
  return {
    fn,
    facts: { ...facts, types: new Map([...facts.types, [kernel.acc, kernel.dtype]]) },
    schedule: new Map([[kernel.nAxis, SCALAR_PLAN]]),
    buffers,
    base,
    locals: null,
    scalars: new Map(),
    frames: new Map(),
    outline: null,
  };
};

const straightLine = (stmts: readonly Stmt[]): readonly PlainStmt[] =>
  stmts.map((stmt) =>
    stmt.kind === "loop" || stmt.kind === "if" || stmt.kind === "while"
      ? internal("a product's epilogue has control flow")
      : stmt,
  );

/** Two where a 64-bit value takes part: vectors of the product are then split into halves. */
const epilogueLanes = (ctx: Context, spec: TileSpec): Lanes => {
  let wide = false;
  walkStmts(spec.kernel.epilogue, (stmt) => {
    if ("id" in stmt && is64(ctx.facts.types.get(stmt.id) ?? "i32")) wide = true;
  });
  return wide ? 2 : spec.plan.lanes;
};

interface Frames {
  readonly outer: readonly Frame[];
  readonly m: Frame;
  readonly n: Frame;
}
const framesOf = (kernel: MatmulKernel): Frames => {
  const outer: Frame[] = [];
  kernel.batchAxes.forEach((axis, k) => {
    outer.push(newFrame(outer.at(-1) ?? null, axis, P.batch + k));
  });
  const m = newFrame(outer.at(-1) ?? null, kernel.mAxis, P.m);
  return { outer, m, n: newFrame(m, kernel.nAxis, P.n) };
};

/** Runs the epilogue on one row; `product(u, lanes)` is the product's u-th vector of that many lanes. */
const emitRow = (
  ctx: Context,
  spec: TileSpec,
  frames: Frames,
  row: number,
  out: Expr[],
  product: (u: number, lanes: Lanes) => Expr,
): void => {
  const { fn } = ctx;
  const { kernel, columns } = spec;
  const lanes = epilogueLanes(ctx, spec);
  const varying = varyingAlong(kernel.epilogue, kernel.nAxis, [kernel.acc]);
  const splatted = splattedIn(kernel.epilogue, varying, []);
  const m: Frame = { ...frames.m, shift: row };
  const group = (first: number, count: number, active: number): void => {
    const copies = Array.from({ length: count }, (_, k): Values => {
      const local = newLocal(fn, binaryen.v128);
      out.push(set(fn, local, product(first + k, lanes)));
      return new Map([[kernel.acc, { take: () => get(fn, local) }]]);
    });
    const frame: Frame = { ...frames.n, parent: m, shift: first * lanes };
    const prologue: Expr[] = [];
    const vector = {
      axis: kernel.nAxis,
      lanes,
      active,
      varying,
      splatted,
      splats: new Map(),
      prologue,
      copies,
      masks: null,
    };
    emitRun({ ctx, out, frame, vector }, straightLine(kernel.epilogue));
    if (prologue.length > 0) internal("an epilogue reads a value that it doesn't define");
  };
  const whole = Math.floor(columns / lanes);
  if (whole > 0) group(0, whole, lanes);
  if (columns % lanes > 0) group(whole, 1, columns % lanes);
};

const setPointers = (fn: Fn, frames: Frames): Expr[] =>
  [...frames.outer, frames.m, frames.n].flatMap((frame) => pointersAtCounter(fn, frame));

/** The second half of a vector, in the low lanes. */
const highHalf = (fn: Fn, vector: Local): Expr =>
  fn.m.i8x16.shuffle(
    get(fn, vector),
    get(fn, vector),
    Array.from({ length: 16 }, (_, k) => 8 + (k % 8)),
  );

/** Straight from the accumulators, every row written out. */
export const unrolledEpilogue = (
  ctx: Context,
  spec: TileSpec,
  acc: readonly (readonly Local[])[],
): readonly Expr[] => {
  const { fn } = ctx;
  const frames = framesOf(spec.kernel);
  const rows: Expr[] = [];
  acc.forEach((row, r) => {
    emitRow(ctx, spec, frames, r, rows, (u, lanes) => {
      const halves = spec.plan.lanes / lanes;
      const local = row[Math.floor(u / halves)] ?? internal("a tile's vector is missing");
      return u % halves === 1 ? highHalf(fn, local) : get(fn, local);
    });
  });
  return [...setPointers(fn, frames), ...rows];
};

/** From the tile saved at `partial`, in a loop over its rows: the code is one row's. */
export const rowLoopEpilogue = (ctx: Context, spec: TileSpec, vectors: number): readonly Expr[] => {
  const { fn } = ctx;
  const { m } = fn;
  const frames = framesOf(spec.kernel);
  const row: Expr[] = [];
  emitRow(ctx, spec, frames, 0, row, (u, lanes) =>
    lanes === spec.plan.lanes
      ? m.v128.load(16 * u, 16, get(fn, P.partial))
      : m.v128.load64_zero(8 * u, 8, get(fn, P.partial)),
  );
  const end = newLocal(fn, binaryen.i32);
  const label = newLabel(fn, "row");
  return [
    set(fn, end, addConst(fn, get(fn, P.m), spec.rows)),
    m.loop(
      label,
      m.block(null, [
        ...setPointers(fn, frames),
        ...row,
        set(fn, P.partial, addConst(fn, get(fn, P.partial), 16 * vectors)),
        set(fn, P.m, m.i32.add(get(fn, P.m), i32(fn, 1))),
        m.br_if(label, m.i32.lt_s(get(fn, P.m), get(fn, end))),
      ]),
    ),
  ];
};
