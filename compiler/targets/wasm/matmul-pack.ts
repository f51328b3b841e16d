/**
 * Packing: a function (source, target, depth) that copies `width` x depth elements of a strided matrix into a panel in which
 * the `width` elements of one k lie side by side, padded to `padded`.
 */
import binaryen from "binaryen";
import {
  addConst,
  type Expr,
  type Fn,
  finishFn,
  get,
  i32,
  type Lanes,
  newFn,
  newLabel,
  newLocal,
  set,
} from "./asm.js";
import { loadScalar, loadVector, shifted, storeScalar, storeVector, type Where } from "./memory.js";

export interface Panel {
  readonly dtype: "f32" | "f64" | "i32" | "u32";
  readonly width: number;
  /** Panel row length; elements beyond `width` are written as zero. */
  readonly padded: number;
  /** Element strides of the source along the panel's width and along k. */
  readonly alongWidth: number;
  readonly alongK: number;
}

const SOURCE = 0;
const TARGET = 1;
const DEPTH = 2;

/** Adds the function to the module. */
export const emitPack = (m: binaryen.Module, name: string, panel: Panel): void => {
  const fn = newFn(m, false, name, [binaryen.i32, binaryen.i32, binaryen.i32]);
  const size = panel.dtype === "f64" ? 8 : 4;
  const lanes: Lanes = size === 8 ? 2 : 4;
  const transposed = panel.alongK === 1 && panel.alongWidth !== 1;
  const body = transposed
    ? [
        ...steps(fn, panel, size, lanes, () => transposeBlock(fn, panel, size, lanes)),
        ...steps(fn, panel, size, 1, () => copyStep(fn, panel, size, lanes)),
      ]
    : steps(fn, panel, size, 1, () => copyStep(fn, panel, size, lanes));
  finishFn(fn, binaryen.none, body);
};

/** While at least `count` values of k are left: `copy`, then on by `count`. */
const steps = (fn: Fn, panel: Panel, size: number, count: number, copy: () => readonly Expr[]): Expr[] => {
  const { m } = fn;
  const done = newLabel(fn, "done");
  const loop = newLabel(fn, "k");
  const move = (local: number, bytes: number): Expr => set(fn, local, addConst(fn, get(fn, local), bytes));
  return [
    m.block(done, [
      m.loop(
        loop,
        m.block(null, [
          m.br_if(done, m.i32.lt_s(get(fn, DEPTH), i32(fn, count))),
          ...copy(),
          move(SOURCE, count * panel.alongK * size),
          move(TARGET, count * panel.padded * size),
          move(DEPTH, -count),
          m.br(loop),
        ]),
      ),
    ]),
  ];
};

const source = (fn: Fn, bytes: number): Where => ({ pointer: () => get(fn, SOURCE), bytes });
const target = (fn: Fn, bytes: number): Where => ({ pointer: () => get(fn, TARGET), bytes });

/** One k: the panel's width, in vectors where the source is contiguous. */
const copyStep = (fn: Fn, panel: Panel, size: number, lanes: Lanes): Expr[] => {
  const { dtype, width, padded, alongWidth } = panel;
  const out: Expr[] = [];
  if (alongWidth === 1)
    for (let j = 0; j < width; j += lanes) {
      const active = Math.min(lanes, width - j);
      const filled = Math.min(lanes, padded - j);
      const vector = loadVector(fn, dtype, lanes, active, source(fn, j * size));
      out.push(storeVector(fn, dtype, lanes, filled, target(fn, j * size), vector));
    }
  else {
    for (let j = 0; j < width; j++)
      out.push(
        storeScalar(
          fn,
          dtype,
          target(fn, j * size),
          loadScalar(fn, dtype, source(fn, j * alongWidth * size)),
        ),
      );
    for (let j = width; j < padded; j++)
      out.push(storeScalar(fn, dtype, target(fn, j * size), zero(fn, dtype)));
  }
  return out;
};

const zero = (fn: Fn, dtype: Panel["dtype"]): Expr =>
  dtype === "f32" ? fn.m.f32.const(0) : dtype === "f64" ? fn.m.f64.const(0) : i32(fn, 0);

/** `lanes` values of k at once, where the source is contiguous along k: square blocks, transposed in registers. */
const transposeBlock = (fn: Fn, panel: Panel, size: number, lanes: Lanes): Expr[] => {
  const { dtype, width, padded, alongWidth } = panel;
  const out: Expr[] = [];
  const rows = Array.from({ length: lanes }, () => newLocal(fn, binaryen.v128));
  for (let j = 0; j < width; j += lanes) {
    rows.forEach((row, i) => {
      const from = source(fn, (j + i) * alongWidth * size);
      const inside = j + i < width;
      const value = inside ? loadVector(fn, dtype, lanes, lanes, from) : fn.m.v128.const(new Uint8Array(16));
      out.push(set(fn, row, value));
    });
    const filled = Math.min(lanes, padded - j);
    transposed(fn, rows).forEach((column, u) => {
      const to = shifted(target(fn, j * size), u * padded * size);
      out.push(storeVector(fn, dtype, lanes, filled, to, column));
    });
  }
  return out;
};

/** Columns of a square of vectors; words are 32 bits of four lanes, 64 bits of two. */
const transposed = (fn: Fn, rows: readonly number[]): readonly Expr[] => {
  const width = 16 / rows.length;
  const pick = (a: Expr, b: Expr, words: readonly number[]): Expr =>
    fn.m.i8x16.shuffle(
      a,
      b,
      words.flatMap((w) => Array.from({ length: width }, (_, byte) => w * width + byte)),
    );
  const row = (k: number): Expr => get(fn, rows[k] ?? 0);
  if (rows.length === 2) return [pick(row(0), row(1), [0, 2]), pick(row(0), row(1), [1, 3])];
  const low = (a: number, b: number): Expr => pick(row(a), row(b), [0, 4, 1, 5]);
  const high = (a: number, b: number): Expr => pick(row(a), row(b), [2, 6, 3, 7]);
  return [
    pick(low(0, 1), low(2, 3), [0, 1, 4, 5]),
    pick(low(0, 1), low(2, 3), [2, 3, 6, 7]),
    pick(high(0, 1), high(2, 3), [0, 1, 4, 5]),
    pick(high(0, 1), high(2, 3), [2, 3, 6, 7]),
  ];
};
