/**
 * Chooses, per loop, whether it runs in vectors: a pure analysis of loop kernels in machine ops, by estimated cost.
 *
 * Of each nest one loop is the vector axis (an innermost loop, or an outer parallel one whose inner loops then run with one
 * vector per value) or none, where lanes would have to be filled one by one. Costs count instructions; divisions count
 * their throughput. A loop that isn't parallel is never the vector axis, but runs inside one.
 */
import { internal, unreachable } from "../diagnostics.js";
import {
  type AccessKind,
  accessKind,
  type KernelFacts,
  kernelFacts,
  varyingIn,
  walkStmts,
} from "./schedule-analysis.js";
import {
  type AxisId,
  type LoopKernel,
  type LoopStmt,
  MACHINE_OPS,
  type MachineOp,
  type OpStmt,
  type RegType,
  type Stmt,
  type ValueId,
} from "./types.js";

/** `lanes` 1 is scalar; `unroll` is the number of vectors per iteration, each with its own accumulators. */
export interface LoopPlan {
  readonly lanes: 1 | 2 | 4;
  readonly unroll: number;
}
export type Schedule = ReadonlyMap<AxisId, LoopPlan>;

export const SCALAR_PLAN: LoopPlan = { lanes: 1, unroll: 1 };

const machineOps: ReadonlySet<string> = new Set(MACHINE_OPS);
export const asMachineOp = (stmt: OpStmt): MachineOp =>
  machineOps.has(stmt.op)
    ? (stmt.op as MachineOp)
    : internal(`${stmt.op} is not a machine op: expand it first`);

const isInteger = (type: RegType | undefined): boolean => type === "i32" || type === "u32";

/** Cycles of throughput, roughly, of one scalar op. */
const scalarOpCost = (op: MachineOp, from: RegType | undefined): number => {
  if (op === "div" || op === "rem") return isInteger(from) ? 12 : 4;
  return op === "sqrt" ? 5 : 1;
};

const PER_LANE = 3; // extract the operands, insert the result
/** Ops that SIMD lacks cost their scalar form in each lane. */
const vectorOpCost = (
  stmt: OpStmt,
  lanes: number,
  facts: KernelFacts,
  varying: ReadonlySet<ValueId>,
): number => {
  const op = asMachineOp(stmt);
  const type = (k: number): RegType | undefined => facts.types.get(stmt.args[k] ?? -1);
  const from = type(0);
  const perLane = lanes * (scalarOpCost(op, from) + PER_LANE);
  switch (op) {
    case "div":
      return isInteger(from) ? perLane : 4;
    case "rem":
    case "clz32":
      return perLane;
    case "shl":
    case "shr":
    case "ushr":
      return varying.has(stmt.args[1] ?? -1) ? perLane : 1;
    case "convert":
      return from === "i64" && stmt.type !== "i32" && stmt.type !== "u32" ? perLane : 2;
    case "sqrt":
      return 5;
    default:
      return 1;
  }
};

const accessCost = (kind: AccessKind, lanes: number): number =>
  kind === "gather" ? 1.5 * lanes : kind === "contiguous" ? 1.5 : 1;

const LOOP_OVERHEAD = 2;

/** Instructions that join a condition with those around it and ask whether any lane is left. */
const MASK = 3;
/** How much longer the longest of some lanes loops than the mean. */
const DIVERGENCE = 1.25;

interface Planned {
  readonly cost: number;
  readonly plan: ReadonlyMap<AxisId, LoopPlan>;
}

/** Iterations that a loop of unknown length is taken to run. */
const UNKNOWN_TRIPS = 16;
const tripsOf = (loop: LoopStmt): number => (typeof loop.extent === "number" ? loop.extent : UNKNOWN_TRIPS);

/** Bodies one after the other, each run `times`. */
const planAll = (bodies: readonly (readonly Stmt[])[], facts: KernelFacts, times: number): Planned => {
  const plans = bodies.map((body) => planBody(body, facts));
  const cost = plans.reduce((sum, p) => sum + p.cost, LOOP_OVERHEAD);
  return { cost: times * cost, plan: new Map(plans.flatMap((p) => [...p.plan])) };
};

const scalarCost = (stmt: Stmt, facts: KernelFacts): Planned => {
  const flat = (cost: number): Planned => ({ cost, plan: new Map() });
  switch (stmt.kind) {
    case "const":
    case "axis":
      return flat(0);
    case "op":
      return flat(scalarOpCost(asMachineOp(stmt), facts.types.get(stmt.args[0] ?? -1)));
    case "load":
    case "store":
    case "row":
    case "check":
      return flat(1);
    case "tape":
      return flat(LOOP_OVERHEAD);
    case "loop":
      return planLoop(stmt, facts);
    case "if":
      return planAll([stmt.then, stmt.else], facts, 1);
    case "while":
      return planAll([stmt.test, stmt.body], facts, UNKNOWN_TRIPS);
  }
};

const planBody = (body: readonly Stmt[], facts: KernelFacts): Planned => {
  const plan = new Map<AxisId, LoopPlan>();
  let cost = 0;
  for (const stmt of body) {
    const planned = scalarCost(stmt, facts);
    cost += planned.cost;
    for (const [axis, p] of planned.plan) plan.set(axis, p);
  }
  return { cost, plan };
};

/** Cost of a statement for one vector of iterations. */
const vectorStmtCost = (
  stmt: Stmt,
  axis: AxisId,
  lanes: number,
  facts: KernelFacts,
  varying: ReadonlySet<ValueId>,
): number => {
  switch (stmt.kind) {
    case "const":
    case "axis":
      return 0;
    case "op":
      return varying.has(stmt.id) ? vectorOpCost(stmt, lanes, facts, varying) : 1;
    case "load":
    case "store":
      return accessCost(accessKind(stmt.at, axis, varying), lanes);
    case "row":
    case "check":
      return 2;
    case "tape":
      return LOOP_OVERHEAD;
    case "loop": {
      const inner = vectorCost(stmt.body, axis, lanes, facts, varying);
      return tripsOf(stmt) * (inner + stmt.carries.length + LOOP_OVERHEAD / 2);
    }
    case "if":
      return (
        MASK + vectorCost([...stmt.then, ...stmt.else], axis, lanes, facts, varying) + stmt.results.length
      );
    case "while": {
      const iteration = vectorCost([...stmt.test, ...stmt.body], axis, lanes, facts, varying);
      return UNKNOWN_TRIPS * DIVERGENCE * (iteration + MASK + 2 * stmt.carries.length);
    }
    default: {
      const never: never = stmt;
      return unreachable(never);
    }
  }
};
const vectorCost = (
  body: readonly Stmt[],
  axis: AxisId,
  lanes: number,
  facts: KernelFacts,
  varying: ReadonlySet<ValueId>,
): number => body.reduce((sum, stmt) => sum + vectorStmtCost(stmt, axis, lanes, facts, varying), 0);

/** Two lanes where a 64-bit register takes part anywhere in the loop. */
const lanesFor = (loop: LoopStmt, facts: KernelFacts): 2 | 4 => {
  let wide = loop.carries.some((c) => c.type === "f64");
  walkStmts([loop], (stmt) => {
    const ids: readonly ValueId[] =
      stmt.kind === "op"
        ? [stmt.id, ...stmt.args]
        : stmt.kind === "load"
          ? [stmt.id]
          : stmt.kind === "store"
            ? [stmt.value]
            : [];
    if (ids.some((id) => facts.types.get(id) === "f64" || facts.types.get(id) === "i64")) wide = true;
    if ((stmt.kind === "loop" || stmt.kind === "while") && stmt.carries.some((c) => c.type === "f64"))
      wide = true;
    if (stmt.kind === "if" && stmt.results.some((r) => r.type === "f64")) wide = true;
  });
  return wide ? 2 : 4;
};

const statementCount = (loop: LoopStmt): number => {
  let n = 0;
  walkStmts(loop.body, (stmt) => {
    if (stmt.kind !== "const" && stmt.kind !== "axis") n += 1;
  });
  return n;
};

/**
 * Vectors per iteration. A sum wants four accumulators to hide the latency of its additions; otherwise unrolling only spreads the
 * loop's overhead, which large bodies don't notice.
 */
const unrollFor = (loop: LoopStmt, extent: number, lanes: number): number => {
  const size = statementCount(loop);
  let carries = loop.carries.length;
  let loops = false;
  walkStmts(loop.body, (stmt) => {
    if (stmt.kind === "while" || (stmt.kind === "loop" && typeof stmt.extent !== "number")) loops = true;
    if (stmt.kind === "loop" || stmt.kind === "while") carries += stmt.carries.length;
  });
  const wanted = carries > 0 ? (size <= 40 ? 4 : size <= 80 ? 2 : 1) : size <= 12 ? 4 : size <= 32 ? 2 : 1;
  if (loops) return Math.max(1, Math.min(2, Math.floor(extent / lanes)));
  const accumulators = Math.max(1, Math.floor(8 / Math.max(1, carries)));
  return Math.max(1, Math.min(wanted, accumulators, Math.floor(extent / lanes)));
};

/**
 * Can lanes run the statements together? What only some of them run is done for all, and kept where it was wanted: it must
 * touch no memory and have no checks, since neither would be the lane's own.
 */
const canMask = (body: readonly Stmt[], axis: AxisId, some: boolean): boolean =>
  body.every((s) => {
    switch (s.kind) {
      case "const":
      case "op":
        return true;
      case "axis":
        return !some || s.axis !== axis;
      case "load":
      case "store":
        return !some;
      case "check":
        // The values that an error shows are those of one iteration.
        return !some && s.values.length === 0;
      case "row":
      case "tape":
        return false;
      case "loop":
        if (typeof s.extent === "number") return canMask(s.body, axis, some);
        return s.carries.every((c) => c.kind === "recur") && canMask(s.body, axis, true);
      case "if":
        return canMask([...s.then, ...s.else], axis, true);
      case "while":
        return canMask([...s.test, ...s.body], axis, true);
      default: {
        const never: never = s;
        return unreachable(never);
      }
    }
  });

const planLoop = (loop: LoopStmt, facts: KernelFacts): Planned => {
  const inner = planBody(loop.body, facts);
  const extent = tripsOf(loop);
  const scalar = extent * (inner.cost + loop.carries.length + LOOP_OVERHEAD);
  const asScalar: Planned = { cost: scalar, plan: new Map([...inner.plan, [loop.axis, SCALAR_PLAN]]) };
  const vectorisable =
    loop.parallel &&
    extent > 1 &&
    typeof loop.extent === "number" &&
    canMask(loop.body, loop.axis, false) &&
    loop.carries.every((c) => c.kind === "reduce");
  if (!vectorisable) return asScalar;
  const lanes = lanesFor(loop, facts);
  const varying = varyingIn(loop);
  const perVector =
    vectorCost(loop.body, loop.axis, lanes, facts, varying) + loop.carries.length + LOOP_OVERHEAD;
  const setup = 4 + 6 * loop.carries.length;
  const cost = Math.ceil(extent / lanes) * perVector + setup;
  if (cost >= scalar) return asScalar;
  return { cost, plan: new Map([[loop.axis, { lanes, unroll: unrollFor(loop, extent, lanes) }]]) };
};

/** The plan of every loop outside vector loops; loops inside one have no entry. */
export const schedule = (kernel: LoopKernel): Schedule =>
  planBody(kernel.body, kernelFacts(kernel.body)).plan;
