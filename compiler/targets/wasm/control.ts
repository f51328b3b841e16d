/** Control flow, inside kernels and over them, as WASM's structured `if` and `loop`. Carries are locals. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { DType } from "../../ir/types.js";
import type {
  BufferId,
  DynamicExtent,
  IfStmt,
  Kernel,
  LoopStmt,
  Step,
  Stmt,
  ValueId,
  WhileStmt,
} from "../../kernel/types.js";
import { newFrame, pointerInits, pointerSteps } from "./address.js";
import { type Expr, type Fn, get, i32, newLabel, newLocal, set, wasmType } from "./asm.js";
import { bindSlot, type Slot, updates } from "./carries.js";
import { conjuncts } from "./conjuncts.js";
import { bindScalar, type Region, scalar } from "./values.js";

type EmitBody = (region: Region, stmts: readonly Stmt[]) => void;

/** The region of an inner statement list. */
const inside = (region: Region): Region =>
  region.vector === null ? { ...region, out: [] } : internal("control flow inside a vector loop");

/** `body` where all of the conditions hold. */
const whereAll = (fn: Fn, conds: readonly Expr[], body: Expr): Expr =>
  conds.reduceRight((inner, cond) => fn.m.if(cond, inner), body);

export const emitIf = (region: Region, stmt: IfStmt, emitBody: EmitBody): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { m } = fn;
  if (stmt.else.length === 0 && stmt.results.length === 0) {
    const conds = conjuncts(ctx, stmt.cond);
    const body = inside(region);
    emitBody(body, stmt.then);
    out.push(whereAll(fn, conds, m.block(null, body.out)));
    return;
  }
  const locals = stmt.results.map((r) => newLocal(fn, wasmType(r.type)));
  const cond = scalar(ctx, stmt.cond);
  const side = (body: readonly Stmt[], values: readonly ValueId[]): Expr => {
    const inner = inside(region);
    emitBody(inner, body);
    values.forEach((v, k) => void inner.out.push(set(fn, locals[k] ?? -1, scalar(ctx, v))));
    return m.block(null, inner.out);
  };
  const then = side(
    stmt.then,
    stmt.results.map((r) => r.then),
  );
  const other = side(
    stmt.else,
    stmt.results.map((r) => r.else),
  );
  out.push(m.if(cond, then, other));
  stmt.results.forEach((r, k) => void bindScalar(region, r.id, locals[k] ?? -1));
};

export const emitWhile = (region: Region, stmt: WhileStmt, emitBody: EmitBody): void => {
  const { ctx, out } = region;
  const slots = stmt.carries.map((carry): Slot => {
    const local = newLocal(ctx.fn, wasmType(carry.type));
    out.push(set(ctx.fn, local, scalar(ctx, carry.init)));
    return { carry, copy: null, local };
  });
  whileFrom(region, stmt, slots, emitBody);
  for (const slot of slots) bindSlot(region, slot, slot.carry.result, slot.local);
};

/** loop { test; if (cond) { body; carries; again } }, from the carries that are in `slots`. */
export const whileFrom = (
  region: Region,
  stmt: WhileStmt,
  slots: readonly Slot[],
  emitBody: EmitBody,
): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { m } = fn;
  const test = inside(region);
  for (const { carry, local } of slots) if (carry.kind === "recur") bindScalar(test, carry.param, local);
  emitBody(test, stmt.test);
  const conds = conjuncts(ctx, stmt.cond);
  const body = inside(region);
  emitBody(body, stmt.body);
  updates(body, slots, false);
  const label = newLabel(fn, "while");
  const again = whereAll(fn, conds, m.block(null, [...body.out, m.br(label)]));
  out.push(m.loop(label, m.block(null, [...test.out, again])));
};

/** if (0 < n) { i = 0; loop { body; carries; if (++i < n) again } } */
export const emitDynamicLoop = (
  region: Region,
  loop: LoopStmt,
  extent: DynamicExtent,
  emitBody: EmitBody,
): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { m } = fn;
  const slots = loop.carries.map((carry): Slot => {
    const local = newLocal(fn, wasmType(carry.type));
    out.push(set(fn, local, scalar(ctx, carry.init)));
    return { carry, copy: null, local };
  });
  const [limit, counter] = [newLocal(fn, binaryen.i32), newLocal(fn, binaryen.i32)];
  out.push(set(fn, limit, scalar(ctx, extent.value)));
  const frame = newFrame(region.frame, loop.axis, counter);
  const inner: Region = { ...inside(region), frame };
  for (const { carry, local } of slots) if (carry.kind === "recur") bindScalar(inner, carry.param, local);
  emitBody(inner, loop.body);
  updates(inner, slots, false);
  const label = newLabel(fn, "loop");
  const next = m.local.tee(counter, m.i32.add(get(fn, counter), i32(fn, 1)), binaryen.i32);
  const body = [
    ...inner.out,
    ...pointerSteps(fn, frame, 1),
    m.br_if(label, m.i32.lt_s(next, get(fn, limit))),
  ];
  out.push(
    m.if(
      m.i32.gt_s(get(fn, limit), i32(fn, 0)),
      m.block(null, [
        set(fn, counter, i32(fn, 0)),
        ...pointerInits(fn, frame),
        m.loop(label, m.block(null, body)),
      ]),
    ),
  );
  for (const slot of slots) bindSlot(region, slot, slot.carry.result, slot.local);
};

/** Access to buffers of one element. */
export interface Cells {
  readonly read: (buffer: BufferId, dtype: DType) => Expr;
  readonly write: (buffer: BufferId, dtype: DType, value: Expr) => Expr;
}

/** The steps in order; `kernel` gives a kernel's code or its call. */
export const emitSteps = (
  fn: Fn,
  cells: Cells,
  steps: readonly Step[],
  kernel: (k: Kernel) => readonly Expr[],
): readonly Expr[] => {
  const { m } = fn;
  const all = (list: readonly Step[]): readonly Expr[] => emitSteps(fn, cells, list, kernel);
  return steps.flatMap((step): readonly Expr[] => {
    switch (step.kind) {
      case "loops":
      case "matmul":
        return kernel(step);
      case "if":
        return [
          m.if(
            cells.read(step.cond, "bool"),
            m.block(null, [...all(step.then)]),
            m.block(null, [...all(step.else)]),
          ),
        ];
      case "while": {
        const label = newLabel(fn, "while");
        const test = all(step.test);
        const again = m.if(cells.read(step.cond, "bool"), m.block(null, [...all(step.body), m.br(label)]));
        return [m.loop(label, m.block(null, [...test, again]))];
      }
      case "for": {
        const [limit, counter] = [newLocal(fn, binaryen.i32), newLocal(fn, binaryen.i32)];
        const trip = typeof step.trip === "number" ? i32(fn, step.trip) : cells.read(step.trip.buffer, "i32");
        const label = newLabel(fn, "for");
        const note = step.counter === null ? [] : [cells.write(step.counter, "i32", get(fn, counter))];
        const next = m.local.tee(counter, m.i32.add(get(fn, counter), i32(fn, 1)), binaryen.i32);
        const again = m.br_if(label, m.i32.lt_s(next, get(fn, limit)));
        return [
          set(fn, limit, trip),
          set(fn, counter, i32(fn, 0)),
          m.if(
            m.i32.gt_s(get(fn, limit), i32(fn, 0)),
            m.loop(label, m.block(null, [...note, ...all(step.body), again])),
          ),
        ];
      }
      default: {
        const never: never = step;
        return internal(`unexpected step ${JSON.stringify(never)}`);
      }
    }
  });
};
