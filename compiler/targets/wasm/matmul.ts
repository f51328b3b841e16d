/**
 * Matrix products: loops over batches and blocks that pack operands and call the register tile (`planMatmul` chooses the
 * sizes). For a block of B's columns and of k, B is packed once; each block of A's rows then meets every panel of it.
 */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import { type MatmulPlan, planMatmul } from "../../kernel/schedule-matmul.js";
import type { Buffer, BufferId, MatmulKernel, MatrixView, Profile } from "../../kernel/types.js";
import type { Base } from "./address.js";
import {
  addConst,
  type Expr,
  type Fn,
  finishFn,
  get,
  i32,
  type Local,
  newFn,
  newLabel,
  newLocal,
  set,
} from "./asm.js";
import { STAGE_FINISH, STAGE_RESUME, type TileSpec } from "./matmul-epilogue.js";
import { emitPack } from "./matmul-pack.js";
import { emitTile } from "./matmul-tile.js";

export interface MatmulTarget {
  readonly m: binaryen.Module;
  readonly profile: Profile;
  readonly buffers: ReadonlyMap<BufferId, Buffer>;
  /** Base addresses for a function whose parameter 0 is the table. */
  readonly bases: (fn: Fn) => (id: BufferId) => Base;
  /** The extra scratch. */
  readonly scratch: (fn: Fn) => Base;
}

/** One kind of tile: full, or what is left at the edge. */
interface Strip {
  readonly from: number;
  readonly count: number;
  readonly width: number;
}
/** [0, n) as whole strips of `width` and one shorter. */
const strips = (n: number, width: number): readonly Strip[] => {
  const whole = Math.floor(n / width);
  const rest = n - whole * width;
  const found: Strip[] = [];
  if (whole > 0) found.push({ from: 0, count: whole, width });
  if (rest > 0) found.push({ from: whole * width, count: 1, width: rest });
  return found;
};

/** Adds the kernel's functions; `name` takes the table. */
export const emitMatmul = (target: MatmulTarget, kernel: MatmulKernel, name: string): void => {
  const { m } = target;
  const plan = planMatmul(kernel, target.profile);
  const fn = newFn(m, false, name, [binaryen.i32]);
  const emitter = new Set<string>();
  const tile = (rows: number, columns: number): string => {
    const spec: TileSpec = { name: `${name}.tile${rows}x${columns}`, kernel, plan, rows, columns };
    if (!emitter.has(spec.name)) emitTile(m, target.profile !== "base", spec, target.buffers, target.bases);
    emitter.add(spec.name);
    return spec.name;
  };
  const pack = (side: "lhs" | "rhs", width: number): string => {
    const view = kernel[side];
    const packName = `${name}.pack_${side}${width}`;
    const [alongWidth, alongK] =
      side === "rhs" ? [view.colStride, view.rowStride] : [view.rowStride, view.colStride];
    const padded = side === "rhs" ? Math.ceil(width / plan.lanes) * plan.lanes : width;
    if (!emitter.has(packName))
      emitPack(m, packName, { dtype: kernel.dtype, width, padded, alongWidth, alongK });
    emitter.add(packName);
    return packName;
  };
  finishFn(fn, binaryen.none, driver(target, fn, kernel, plan, { tile, pack }));
};

interface Parts {
  readonly tile: (rows: number, columns: number) => string;
  readonly pack: (side: "lhs" | "rhs", width: number) => string;
}

/** for (i = from; i < to; i += step) body, at least once. */
const forRange = (
  fn: Fn,
  i: Local,
  from: Expr,
  to: () => Expr,
  step: number,
  body: readonly Expr[],
): Expr => {
  const { m } = fn;
  const label = newLabel(fn, "for");
  const next = m.local.tee(i, m.i32.add(get(fn, i), i32(fn, step)), binaryen.i32);
  return m.block(null, [
    set(fn, i, from),
    m.loop(label, m.block(null, [...body, m.br_if(label, m.i32.lt_s(next, to()))])),
  ]);
};

const driver = (
  target: MatmulTarget,
  fn: Fn,
  kernel: MatmulKernel,
  plan: MatmulPlan,
  parts: Parts,
): readonly Expr[] => {
  const { m } = fn;
  const size = kernel.dtype === "f64" ? 8 : 4;
  const width = plan.vectors * plan.lanes;
  const base = target.bases(fn);
  const scratch = target.scratch(fn);
  const local = (): Local => newLocal(fn, binaryen.i32);
  const counters = kernel.batch.map(local);
  const [lhsAt, rhsAt, j0, k0, depth, i0] = [local(), local(), local(), local(), local(), local()];
  const [i, j, lhsPanel, rhsPanel, partial, stage] = [local(), local(), local(), local(), local(), local()];
  const areas = {
    rhs: scratch.offset,
    lhs: scratch.offset + plan.scratch.rhs,
    partial: scratch.offset + plan.scratch.rhs + plan.scratch.lhs,
  };
  const area = (offset: number): Expr => addConst(fn, get(fn, scratch.local), offset);
  const scaledBy = (value: Expr, factor: number): Expr =>
    factor === 1 ? value : m.i32.mul(value, i32(fn, factor));
  const split = plan.blockK < kernel.k;

  /** Start of a view in this batch. */
  const start = (view: MatrixView): Expr => {
    const { local: from, offset } = base(view.buffer);
    return counters.reduce(
      (sum, counter, b) => {
        const stride = (view.batchStrides[b] ?? internal("a batch axis without a stride")) * size;
        return stride === 0 ? sum : m.i32.add(sum, scaledBy(get(fn, counter), stride));
      },
      addConst(fn, get(fn, from), offset + view.offset * size),
    );
  };
  /** Address of element (row, col) of a view whose batch starts at `at`. */
  const element = (at: Local, view: MatrixView, row: Expr, col: Expr): Expr =>
    m.i32.add(
      get(fn, at),
      m.i32.add(scaledBy(row, view.rowStride * size), scaledBy(col, view.colStride * size)),
    );
  const depthBytes = (count: number): Expr => scaledBy(get(fn, depth), count * size);
  const padded = (count: number): number => Math.ceil(count / plan.lanes) * plan.lanes;
  const move = (at: Local, by: Expr): Expr => set(fn, at, m.i32.add(get(fn, at), by));

  /** Runs `body(width)` for each strip of the block [first, first + extent) of a side, `index` at its element. */
  const overStrips = (
    index: Local,
    first: Local,
    n: number,
    block: number,
    stripWidth: number,
    body: (width: number) => readonly Expr[],
  ): Expr[] => {
    // blocks are whole strips; only the last block may end in a shorter strip
    const whole = n - (n % stripWidth);
    const rest = n % stripWidth;
    const out: Expr[] = [];
    if (block >= n) {
      for (const strip of strips(n, stripWidth))
        out.push(
          strip.count === 1
            ? m.block(null, [set(fn, index, i32(fn, strip.from)), ...body(strip.width)])
            : forRange(fn, index, i32(fn, strip.from), () => i32(fn, whole), strip.width, body(strip.width)),
        );
      return out;
    }
    const end = local();
    const blockEnd = (): Expr => addConst(fn, get(fn, first), block);
    out.push(set(fn, end, m.select(m.i32.lt_s(blockEnd(), i32(fn, whole)), blockEnd(), i32(fn, whole))));
    const loop = forRange(fn, index, get(fn, first), () => get(fn, end), stripWidth, body(stripWidth));
    out.push(m.if(m.i32.lt_s(get(fn, first), i32(fn, whole)), loop));
    if (rest > 0)
      out.push(
        m.if(
          m.i32.ge_s(blockEnd(), i32(fn, n)),
          m.block(null, [set(fn, index, i32(fn, whole)), ...body(rest)]),
        ),
      );
    return out;
  };
  /** Loops `index` over [0, n) by blocks. */
  const overBlocks = (index: Local, n: number, block: number, body: readonly Expr[]): Expr[] =>
    block >= n
      ? [set(fn, index, i32(fn, 0)), ...body]
      : [forRange(fn, index, i32(fn, 0), () => i32(fn, n), block, body)];

  const callTile = (rows: number, columns: number): Expr[] => {
    const lhsArg = plan.packLhs ? get(fn, lhsPanel) : element(lhsAt, kernel.lhs, get(fn, i), get(fn, k0));
    const args = [
      get(fn, 0),
      lhsArg,
      get(fn, rhsPanel),
      get(fn, depth),
      get(fn, partial),
      get(fn, stage),
      get(fn, i),
      get(fn, j),
      ...counters.map((counter) => get(fn, counter)),
    ];
    const code = [m.call(parts.tile(rows, columns), args, binaryen.none)];
    if (split) code.push(set(fn, partial, addConst(fn, get(fn, partial), plan.scratch.tile)));
    if (plan.packLhs) code.push(move(lhsPanel, depthBytes(rows)));
    return code;
  };

  const packBlock = (side: "lhs" | "rhs", index: Local, first: Local, panel: Local, at: number): Expr[] => {
    const rhs = side === "rhs";
    const [n, block, stripWidth] = rhs ? [kernel.n, plan.blockN, width] : [kernel.m, plan.blockM, plan.rows];
    const view = kernel[side];
    return [
      set(fn, panel, area(at)),
      ...overStrips(index, first, n, block, stripWidth, (w) => {
        const from = rhs
          ? element(rhsAt, view, get(fn, k0), get(fn, index))
          : element(lhsAt, view, get(fn, index), get(fn, k0));
        return [
          m.call(parts.pack(side, w), [from, get(fn, panel), get(fn, depth)], binaryen.none),
          move(panel, depthBytes(rhs ? padded(w) : w)),
        ];
      }),
    ];
  };

  const panels = overStrips(j, j0, kernel.n, plan.blockN, width, (columns) => [
    ...(plan.packRhs ? [] : [set(fn, rhsPanel, element(rhsAt, kernel.rhs, get(fn, k0), get(fn, j)))]),
    ...(plan.packLhs ? [set(fn, lhsPanel, area(areas.lhs))] : []),
    ...overStrips(i, i0, kernel.m, plan.blockM, plan.rows, (rows) => callTile(rows, columns)),
    ...(plan.packRhs ? [move(rhsPanel, depthBytes(padded(columns)))] : []),
  ]);
  const rowBlock = [
    ...(plan.packLhs ? packBlock("lhs", i, i0, lhsPanel, areas.lhs) : []),
    ...(plan.packRhs ? [set(fn, rhsPanel, area(areas.rhs))] : []),
    ...panels,
  ];
  const left = (): Expr => m.i32.sub(i32(fn, kernel.k), get(fn, k0));
  const depthBlock = [
    set(
      fn,
      depth,
      split
        ? m.select(m.i32.lt_s(left(), i32(fn, plan.blockK)), left(), i32(fn, plan.blockK))
        : i32(fn, kernel.k),
    ),
    ...(split
      ? [
          set(
            fn,
            stage,
            m.i32.or(
              m.i32.mul(m.i32.ne(get(fn, k0), i32(fn, 0)), i32(fn, STAGE_RESUME)),
              m.i32.mul(m.i32.le_s(left(), i32(fn, plan.blockK)), i32(fn, STAGE_FINISH)),
            ),
          ),
        ]
      : []),
    set(fn, partial, area(areas.partial)),
    ...(plan.packRhs ? packBlock("rhs", j, j0, rhsPanel, areas.rhs) : []),
    ...overBlocks(i0, kernel.m, plan.blockM, rowBlock),
  ];
  const columnBlock = overBlocks(k0, kernel.k, Math.max(1, plan.blockK), depthBlock);
  const oneBatch = [
    set(fn, lhsAt, start(kernel.lhs)),
    set(fn, rhsAt, start(kernel.rhs)),
    ...overBlocks(j0, kernel.n, plan.blockN, columnBlock),
  ];
  return kernel.batch.reduceRight<readonly Expr[]>((body, extent, b) => {
    const counter = counters[b] ?? internal("a batch axis without a counter");
    return [forRange(fn, counter, i32(fn, 0), () => i32(fn, extent), 1, body)];
  }, oneBatch);
};
