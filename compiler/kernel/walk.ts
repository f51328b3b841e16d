/** Walks over steps and statements: what they contain, read and define. */
import { internal } from "../diagnostics.js";
import type { BufferId, Carry, Kernel, Step, Stmt, ValueId } from "./types.js";

/** The steps inside a control step; none inside a kernel. */
export const innerSteps = (step: Step): readonly (readonly Step[])[] => {
  switch (step.kind) {
    case "loops":
    case "matmul":
      return [];
    case "if":
      return [step.then, step.else];
    case "while":
      return [step.test, step.body];
    case "for":
      return [step.body];
    default: {
      const never: never = step;
      return internal(`unexpected step ${JSON.stringify(never)}`);
    }
  }
};

/** All kernels in the order in which they stand. */
export const kernelsOf = (steps: readonly Step[]): readonly Kernel[] =>
  steps.flatMap((s) =>
    s.kind === "loops" || s.kind === "matmul" ? [s] : innerSteps(s).flatMap((inner) => kernelsOf(inner)),
  );

/** The same steps with every kernel replaced. */
export const mapKernels = (steps: readonly Step[], f: (kernel: Kernel) => Kernel): readonly Step[] =>
  steps.map((s): Step => {
    switch (s.kind) {
      case "loops":
      case "matmul":
        return f(s);
      case "if":
        return { ...s, then: mapKernels(s.then, f), else: mapKernels(s.else, f) };
      case "while":
        return { ...s, test: mapKernels(s.test, f), body: mapKernels(s.body, f) };
      case "for":
        return { ...s, body: mapKernels(s.body, f) };
      default: {
        const never: never = s;
        return internal(`unexpected step ${JSON.stringify(never)}`);
      }
    }
  });

/** Buffers that a control step itself reads or writes. */
export const controlBuffers = (step: Step): readonly BufferId[] => {
  switch (step.kind) {
    case "loops":
    case "matmul":
      return [];
    case "if":
    case "while":
      return [step.cond];
    case "for":
      return [
        ...(typeof step.trip === "number" ? [] : [step.trip.buffer]),
        ...(step.counter === null ? [] : [step.counter]),
      ];
    default: {
      const never: never = step;
      return internal(`unexpected step ${JSON.stringify(never)}`);
    }
  }
};

/** The statement lists inside a statement. */
export const innerStmts = (s: Stmt): readonly (readonly Stmt[])[] => {
  switch (s.kind) {
    case "loop":
      return [s.body];
    case "if":
      return [s.then, s.else];
    case "while":
      return [s.test, s.body];
    case "const":
    case "axis":
    case "op":
    case "load":
    case "store":
    case "row":
    case "tape":
    case "check":
      return [];
    default: {
      const never: never = s;
      return internal(`unexpected statement ${JSON.stringify(never)}`);
    }
  }
};

/** The statement with its inner lists replaced, in order. */
export const mapInner = (s: Stmt, f: (body: readonly Stmt[]) => readonly Stmt[]): Stmt => {
  switch (s.kind) {
    case "loop":
      return { ...s, body: f(s.body) };
    case "if":
      return { ...s, then: f(s.then), else: f(s.else) };
    case "while":
      return { ...s, test: f(s.test), body: f(s.body) };
    default:
      return s;
  }
};

/** Calls `visit` on every statement, outer before inner. */
export const walkStmts = (stmts: readonly Stmt[], visit: (stmt: Stmt) => void): void => {
  for (const stmt of stmts) {
    visit(stmt);
    for (const inner of innerStmts(stmt)) walkStmts(inner, visit);
  }
};

const finalUse = (c: Carry): ValueId => (c.kind === "reduce" ? c.value : c.next);

/** Values that a statement reads where it stands; of a loop these are its count and its carries' initial values. */
export const directUses = (stmt: Stmt): readonly ValueId[] => {
  switch (stmt.kind) {
    case "const":
    case "axis":
    case "tape":
      return [];
    case "row":
      return [stmt.index];
    case "op":
      return stmt.args;
    case "load":
      return stmt.at.dynamic === null ? [] : [stmt.at.dynamic];
    case "store":
      return stmt.at.dynamic === null ? [stmt.value] : [stmt.at.dynamic, stmt.value];
    case "check":
      return [stmt.cond, ...(stmt.detail === null ? [] : [stmt.detail]), ...stmt.values];
    case "loop": {
      const inits = stmt.carries.map((c) => c.init);
      return typeof stmt.extent === "number" ? inits : [stmt.extent.value, ...inits];
    }
    case "if":
      return [stmt.cond];
    case "while":
      return stmt.carries.map((c) => c.init);
    default: {
      const never: never = stmt;
      return internal(`unexpected statement ${JSON.stringify(never)}`);
    }
  }
};

/** Values that each of `innerStmts` lists is read for at its end: carries' next values, merged values, a condition. */
export const endUses = (stmt: Stmt): readonly (readonly ValueId[])[] => {
  switch (stmt.kind) {
    case "loop":
      return [stmt.carries.map(finalUse)];
    case "if":
      return [stmt.results.map((r) => r.then), stmt.results.map((r) => r.else)];
    case "while":
      return [[stmt.cond], stmt.carries.map(finalUse)];
    default:
      return [];
  }
};

/** Values that a statement defines, those inside its lists left out. */
export const definedBy = (s: Stmt): readonly ValueId[] => {
  switch (s.kind) {
    case "const":
    case "axis":
    case "op":
    case "load":
      return [s.id];
    case "store":
    case "row":
    case "tape":
    case "check":
      return [];
    case "loop":
    case "while":
      return s.carries.flatMap((c) => (c.kind === "recur" ? [c.param, c.result] : [c.result]));
    case "if":
      return s.results.map((r) => r.id);
    default: {
      const never: never = s;
      return internal(`unexpected statement ${JSON.stringify(never)}`);
    }
  }
};

/** One more than the highest value. */
export const nextRegister = (body: readonly Stmt[]): ValueId => {
  let next = 0;
  walkStmts(body, (s) => {
    for (const id of definedBy(s)) next = Math.max(next, id + 1);
  });
  return next;
};

/** How often each value is read. */
export const countUses = (body: readonly Stmt[]): ReadonlyMap<ValueId, number> => {
  const uses = new Map<ValueId, number>();
  walkStmts(body, (s) => {
    for (const id of [...directUses(s), ...endUses(s).flat()]) uses.set(id, (uses.get(id) ?? 0) + 1);
  });
  return uses;
};
