/**
 * The static memory plan: scratch buffers live from the first kernel that touches them to the last, and buffers that never
 * live together share memory. Offsets are multiples of 64 bytes (a cache line).
 */
import { BYTES, type DType } from "../ir/types.js";
import type { BufferId, Kernel, Stmt } from "./types.js";

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
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts) {
      if (s.kind === "load" || s.kind === "store") touched.add(s.buffer);
      else if (s.kind === "loop") visit(s.body);
    }
  };
  if (kernel.kind === "matmul") {
    touched.add(kernel.lhs.buffer).add(kernel.rhs.buffer);
    visit(kernel.epilogue);
  } else visit(kernel.body);
  return touched;
};

/** A gap of the block that is free now. */
interface Gap {
  start: number;
  end: number;
}

/** Best fit over the kernels in order; a buffer's memory is free again after its last kernel. */
export const planScratch = (requests: readonly ScratchRequest[], kernels: readonly Kernel[]): ScratchPlan => {
  const wanted = new Map(requests.map((r) => [r.id, r]));
  const last = new Map<BufferId, number>();
  const touched = kernels.map(buffersOf);
  touched.forEach((ids, k) => {
    for (const id of ids) last.set(id, k);
  });
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

  touched.forEach((ids, k) => {
    for (const id of ids) {
      const r = wanted.get(id);
      if (r !== undefined && !offsets.has(id)) offsets.set(id, allocate(sizeOf(r)));
    }
    for (const id of ids) {
      const r = wanted.get(id);
      if (r !== undefined && last.get(id) === k) release(offsets.get(id) ?? 0, sizeOf(r));
    }
  });
  for (const r of requests) if (!offsets.has(r.id)) offsets.set(r.id, 0);
  return { offsets, bytes };
};
