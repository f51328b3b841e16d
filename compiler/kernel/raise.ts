/**
 * Raises loops that a user wrote one element at a time: where no iteration depends on another but through sums, products,
 * least and greatest values, the loop is marked parallel, its conditions become masks, and the schedule gives it vectors.
 *
 * Of each nest the inner loops come first. What a loop adds up in memory is held in a register (promote), recurrences
 * become reductions (reductions), and the addresses say whether iterations meet (dependence).
 */

import { dropUnused } from "./drop-unused.js";
import type { BufferDraft } from "./lower/program.js";
import { addressRange, anyStmt, independent, loopFacts } from "./raise/dependence.js";
import { Branching, type PredicateContext, predicated } from "./raise/predicate.js";
import { promoteElements } from "./raise/promote.js";
import { reduceCarries } from "./raise/reductions.js";
import { createWriter } from "./raise/writer.js";
import type { Address, AxisId, BufferId, LoopStmt, Stmt } from "./types.js";
import { innerStmts, mapInner, nextRegister, walkStmts } from "./walk.js";

export interface RaiseOptions {
  readonly buffer: (id: BufferId) => Pick<BufferDraft, "dtype" | "size" | "source">;
  /** Floats are added up in order. */
  readonly strict: boolean;
}

/** Loops shorter than this stay as they are. */
const SHORTEST = 4;

export const raiseLoops = (body: readonly Stmt[], { buffer, strict }: RaiseOptions): readonly Stmt[] => {
  if (!anyStmt(body, (s) => s.kind === "loop" && !s.parallel)) return body;
  const w = createWriter(nextRegister(body));
  const extents = new Map<AxisId, number>();
  walkStmts(body, (s) => {
    if (s.kind === "loop") extents.set(s.axis, typeof s.extent === "number" ? s.extent : s.extent.most);
  });
  const inside = (id: BufferId, at: Address): boolean => {
    const range = addressRange(at, (axis) => extents.get(axis) ?? null);
    return range !== null && range[0] >= 0 && range[1] < buffer(id).size;
  };
  const c: PredicateContext = {
    w,
    inside,
    loadOf: (id, b, at) => ({ kind: "load", id, buffer: b, at, type: buffer(b).dtype }),
  };

  /** The statements for the loop; whoever reads them finds the loop by its axis. */
  const raise = (loop: LoopStmt): readonly Stmt[] => parallel(loop) ?? parting(loop) ?? promoted(loop);

  const promoted = (loop: LoopStmt): readonly Stmt[] =>
    promoteElements(loop, { typeOf: (b) => buffer(b).dtype, inside }, w);

  /** The loop as one of independent iterations, and what holds its elements around it; or null. */
  const parallel = (loop: LoopStmt): readonly Stmt[] | null => {
    if (loop.parallel || typeof loop.extent !== "number" || loop.extent < SHORTEST) return null;
    const flat = flatten(loop);
    if (flat === null) return null;
    const around = promoted(flat);
    const held = around.find((s) => s.kind === "loop" && s.axis === loop.axis);
    if (held?.kind !== "loop") return null;
    const reduced = reduceCarries(held, strict, w);
    if (reduced === null) return null;
    const next: LoopStmt = { ...held, parallel: true, carries: reduced.carries, body: reduced.body };
    return independent(next, loopFacts(next)) ? around.map((s) => (s === held ? next : s)) : null;
  };

  /** A loop whose iterations are independent and go ways of their own, each with its branches and loops; or null. */
  const parting = (loop: LoopStmt): readonly Stmt[] | null => {
    if (loop.parallel || typeof loop.extent !== "number" || loop.carries.length > 0) return null;
    if (!anyStmt(loop.body, (s) => s.kind === "if" || s.kind === "while")) return null;
    // the first iteration that fails is the one that is told of
    if (anyStmt(loop.body, (s) => s.kind === "check" || (s.kind !== "while" && isSequential(s)))) return null;
    const next: LoopStmt = { ...loop, parallel: true };
    return independent(next, loopFacts(next)) ? [next] : null;
  };

  /** What vectors have no form for: loops without a count, and arrays that grow. */
  const isSequential = (s: Stmt): boolean =>
    s.kind === "while" ||
    s.kind === "row" ||
    s.kind === "tape" ||
    ((s.kind === "load" || s.kind === "store") && buffer(s.buffer).source.kind === "tape");

  /** The loop without conditions; null where it has some that must stay. */
  const flatten = (loop: LoopStmt): LoopStmt | null => {
    const branches = anyStmt(loop.body, (s) => s.kind === "if");
    // an inner loop has vectors already: masks would cost more than they bring
    if (branches && anyStmt(loop.body, (s) => s.kind === "loop" && s.parallel)) return null;
    if (anyStmt(loop.body, isSequential)) return null;
    if (!branches) return loop;
    try {
      return { ...loop, body: predicated(c, loop.body) };
    } catch (error) {
      if (error instanceof Branching) return null;
      throw error;
    }
  };

  const visit = (stmts: readonly Stmt[]): readonly Stmt[] =>
    stmts.flatMap((s): readonly Stmt[] => {
      if (innerStmts(s).length === 0) return [s];
      const mapped = mapInner(s, visit);
      return mapped.kind === "loop" ? raise(mapped) : [mapped];
    });

  const raised = visit(body);
  return dropUnused([...w.constants(), ...raised]);
};
