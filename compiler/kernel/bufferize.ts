/**
 * The static memory plan: scratch buffers live from the first step that touches them to the last, and buffers that never
 * live together share memory. What a loop shares with the steps around it lives as long as the loop. Offsets are multiples
 * of 64 bytes (a cache line).
 */
import { BYTES, type DType } from "../ir/types.js";
import type { BufferId, Kernel, Step, Stmt } from "./types.js";
import { controlBuffers, innerSteps, walkStmts } from "./walk.js";

const ALIGN = 64;

export interface ScratchRequest {
  readonly id: BufferId;
  readonly dtype: DType;
  readonly size: number;
}
export interface ScratchPlan {
  /** Byte offset of each requested buffer. */
  readonly offsets: ReadonlyMap<BufferId, number>;
  readonly bytes: number;
}

/** Buffers a kernel loads from or stores to. */
export const buffersOf = (kernel: Kernel): ReadonlySet<BufferId> => {
  const touched = new Set<BufferId>();
  const visit = (stmts: readonly Stmt[]): void =>
    walkStmts(stmts, (s) => {
      if (s.kind === "load" || s.kind === "store" || s.kind === "row" || s.kind === "tape")
        touched.add(s.buffer);
      if (s.kind === "tape" && s.from !== null) touched.add(s.from);
    });
  if (kernel.kind === "matmul") {
    touched.add(kernel.lhs.buffer).add(kernel.rhs.buffer);
    visit(kernel.epilogue);
  } else visit(kernel.body);
  return touched;
};

/** Moments from `first` to `last`: of a loop, or of a buffer's life. */
interface Interval {
  first: number;
  last: number;
}
/** A moment at which a buffer is read or written, and the loops around it, outermost first. */
interface Touch {
  readonly moment: number;
  readonly loops: readonly Interval[];
}

/** When each buffer lives. A moment is a kernel, or a point at which a control step reads or writes. */
const livesOf = (steps: readonly Step[]): ReadonlyMap<BufferId, Interval> => {
  const touches = new Map<BufferId, Touch[]>();
  let now = 0;
  const touch = (ids: Iterable<BufferId>, loops: readonly Interval[]): void => {
    for (const id of ids) {
      const known = touches.get(id) ?? [];
      touches.set(id, known);
      known.push({ moment: now, loops });
    }
    now++;
  };
  const visit = (step: Step, around: readonly Interval[]): void => {
    if (step.kind === "loops" || step.kind === "matmul") {
      touch(buffersOf(step), around);
      return;
    }
    const interval: Interval = { first: now, last: now };
    const loops = step.kind === "if" ? around : [...around, interval];
    const own = controlBuffers(step);
    touch(own, loops);
    for (const part of innerSteps(step)) {
      for (const inner of part) visit(inner, loops);
      // the condition of a `while` is read where its test ends; a counter is held through the body
      touch(own, loops);
    }
    interval.last = now - 1;
  };
  for (const step of steps) visit(step, []);

  const lives = new Map<BufferId, Interval>();
  for (const [id, all] of touches) {
    const common = all.reduce(
      (n, t) => Math.min(n, t.loops.findIndex((l, k) => l !== all[0]?.loops[k]) >>> 0, t.loops.length),
      Number.POSITIVE_INFINITY,
    );
    const life: Interval = { first: Number.POSITIVE_INFINITY, last: -1 };
    for (const { moment, loops } of all) {
      // what other steps touch too lives through the whole loop
      const { first, last } = loops[common] ?? { first: moment, last: moment };
      life.first = Math.min(life.first, first);
      life.last = Math.max(life.last, last);
    }
    lives.set(id, life);
  }
  return lives;
};

/** A gap of the block that is free now. */
interface Gap {
  start: number;
  end: number;
}

/** Best fit over the steps in order; a buffer's memory is free again after its last moment. */
export const planScratch = (requests: readonly ScratchRequest[], steps: readonly Step[]): ScratchPlan => {
  const lives = livesOf(steps);
  const offsets = new Map<BufferId, number>();
  const gaps: Gap[] = [];
  let bytes = 0;

  const allocate = (size: number): number => {
    let best: Gap | null = null;
    for (const g of gaps)
      if (g.end - g.start >= size && (best === null || g.end - g.start < best.end - best.start)) best = g;
    if (best !== null) {
      const { start } = best;
      best.start += size;
      if (best.start === best.end) gaps.splice(gaps.indexOf(best), 1);
      return start;
    }
    // the block grows; a gap at its end is part of what is taken
    const tail = gaps[gaps.length - 1];
    const start = tail !== undefined && tail.end === bytes ? tail.start : bytes;
    if (start !== bytes) gaps.pop();
    bytes = start + size;
    return start;
  };
  const release = (start: number, size: number): void => {
    let k = gaps.findIndex((g) => g.start > start);
    if (k < 0) k = gaps.length;
    const gap: Gap = { start, end: start + size };
    const [before, after] = [gaps[k - 1], gaps[k]];
    if (after !== undefined && after.start === gap.end) {
      gap.end = after.end;
      gaps.splice(k, 1);
    }
    if (before !== undefined && before.end === gap.start) before.end = gap.end;
    else gaps.splice(k, 0, gap);
  };
  const sizeOf = (r: ScratchRequest): number => Math.ceil((r.size * BYTES[r.dtype]) / ALIGN) * ALIGN;

  const alive: { readonly r: ScratchRequest; readonly last: number }[] = [];
  const inOrder = requests
    .flatMap((r) => {
      const life = lives.get(r.id);
      return life === undefined || r.size === 0 ? [] : [{ r, ...life }];
    })
    .sort((a, b) => a.first - b.first);
  for (const { r, first, last } of inOrder) {
    for (let k = alive.length - 1; k >= 0; k--) {
      const old = alive[k];
      if (old === undefined || old.last >= first) continue;
      release(offsets.get(old.r.id) ?? 0, sizeOf(old.r));
      alive.splice(k, 1);
    }
    offsets.set(r.id, allocate(sizeOf(r)));
    alive.push({ r, last });
  }
  // what nothing touches may lie anywhere inside the block
  for (const r of requests)
    if (!offsets.has(r.id)) {
      offsets.set(r.id, 0);
      bytes = Math.max(bytes, sizeOf(r));
    }
  return { offsets, bytes };
};
