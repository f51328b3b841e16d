/**
 * What a program does, counted from its kernels: operations and bytes moved, if nothing stays in a cache. Loops whose length
 * is unknown count as one iteration, and of a condition both sides count.
 */
import { internal } from "../diagnostics.js";
import { BYTES } from "../ir/types.js";
import { buffersOf } from "./bufferize.js";
import type { BufferId, Kernel, KernelProgram, Step, Stmt } from "./types.js";
import { kernelsOf } from "./walk.js";

export interface KernelStats {
  readonly name: string;
  /**
   * Arithmetic on floats, per element: additions, multiplications, comparisons, `min`, each transcendental as one;
   * a multiply-add as two.
   */
  readonly flops: number;
  /** Bytes of distinct buffers read and written, each buffer no more than its size. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
}
export interface ProgramStats {
  readonly kernels: readonly KernelStats[];
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly scratchBytes: number;
  /** Inputs, outputs, literals and scratch memory together. */
  readonly peakBytes: number;
}

interface Counts {
  flops: number;
  readonly reads: Map<BufferId, number>;
  readonly writes: Map<BufferId, number>;
}

const addTo = (map: Map<BufferId, number>, id: BufferId, n: number): void =>
  void map.set(id, (map.get(id) ?? 0) + n);

const tripsOf = (extent: number | object): number => (typeof extent === "number" ? extent : 1);

/** Adds what `body` does when it runs `times`; `floats` collects the float registers, comparisons of which count too. */
const count = (body: readonly Stmt[], times: number, floats: Set<number>, c: Counts): void => {
  for (const s of body) {
    switch (s.kind) {
      case "const":
        if (s.type === "f32" || s.type === "f64") floats.add(s.id);
        break;
      case "axis":
      case "row":
      case "tape":
      case "check":
        break;
      case "op":
        if (s.type === "f32" || s.type === "f64") floats.add(s.id);
        if (s.args.some((a) => floats.has(a)) && s.op !== "select")
          c.flops += s.op === "fma" ? 2 * times : times;
        break;
      case "load":
        if (s.type === "f32" || s.type === "f64") floats.add(s.id);
        addTo(c.reads, s.buffer, times);
        break;
      case "store":
        addTo(c.writes, s.buffer, times);
        if (s.mode === "add") {
          addTo(c.reads, s.buffer, times);
          if (floats.has(s.value)) c.flops += times;
        }
        break;
      case "loop":
        for (const carry of s.carries) {
          const float = carry.type === "f32" || carry.type === "f64";
          if (!float) continue;
          floats.add(carry.result);
          if (carry.kind === "reduce") c.flops += times * tripsOf(s.extent);
          else floats.add(carry.param);
        }
        count(s.body, times * tripsOf(s.extent), floats, c);
        break;
      case "if":
        for (const r of s.results) if (r.type === "f32" || r.type === "f64") floats.add(r.id);
        count(s.then, times, floats, c);
        count(s.else, times, floats, c);
        break;
      case "while":
        for (const carry of s.carries)
          if (carry.type === "f32" || carry.type === "f64") floats.add(carry.param).add(carry.result);
        count(s.test, times, floats, c);
        count(s.body, times, floats, c);
        break;
      default: {
        const never: never = s;
        internal(`unexpected statement ${JSON.stringify(never)}`);
      }
    }
  }
};

/** The kernels with how often each runs. */
const timesOf = (steps: readonly Step[], times: number): readonly (readonly [Kernel, number])[] =>
  steps.flatMap((s): readonly (readonly [Kernel, number])[] => {
    switch (s.kind) {
      case "loops":
      case "matmul":
        return [[s, times]];
      case "if":
        return timesOf([...s.then, ...s.else], times);
      case "while":
        return timesOf([...s.test, ...s.body], times);
      case "for":
        return timesOf(s.body, times * tripsOf(s.trip));
      default: {
        const never: never = s;
        return internal(`unexpected step ${JSON.stringify(never)}`);
      }
    }
  });

/** All runs of a kernel together; its bytes as if nothing stayed from one run to the next. */
const kernelStats = (p: KernelProgram, [kernel, runs]: readonly [Kernel, number]): KernelStats => {
  const c: Counts = { flops: 0, reads: new Map(), writes: new Map() };
  if (kernel.kind === "loops") count(kernel.body, 1, new Set(), c);
  else {
    const { m, n, k, dtype } = kernel;
    const batches = kernel.batch.reduce((all, b) => all * b, 1);
    const float = dtype === "f32" || dtype === "f64";
    if (float) c.flops += 2 * batches * m * n * k;
    addTo(c.reads, kernel.lhs.buffer, batches * m * k);
    addTo(c.reads, kernel.rhs.buffer, batches * k * n);
    count(kernel.epilogue, batches * m * n, new Set(float ? [kernel.acc] : []), c);
  }
  const bytes = (touched: ReadonlyMap<BufferId, number>): number => {
    let total = 0;
    for (const [id, times] of touched) {
      const b = p.buffers[id] ?? internal(`no buffer ${id}`);
      total += Math.min(times, b.size) * BYTES[b.dtype];
    }
    return total * runs;
  };
  return {
    name: kernel.name,
    flops: c.flops * runs,
    bytesRead: bytes(c.reads),
    bytesWritten: bytes(c.writes),
  };
};

export const programStats = (p: KernelProgram): ProgramStats => {
  const kernels = timesOf(p.steps, 1).map((k) => kernelStats(p, k));
  const sum = (f: (k: KernelStats) => number): number => kernels.reduce((total, k) => total + f(k), 0);
  const used = new Set(kernelsOf(p.steps).flatMap((k) => [...buffersOf(k)]));
  const held = p.buffers
    .filter((b) => b.place.kind !== "scratch" && (b.place.kind !== "data" || used.has(b.id)))
    .reduce((total, b) => total + b.size * BYTES[b.dtype], 0);
  return {
    kernels,
    flops: sum((k) => k.flops),
    bytesRead: sum((k) => k.bytesRead),
    bytesWritten: sum((k) => k.bytesWritten),
    scratchBytes: p.scratchBytes,
    peakBytes: held + p.scratchBytes,
  };
};
