/** Carries whose initial value nobody sees: the iterations of loops write all elements, and read none before. */
import { forOperands } from "./control.js";
import { type ControlEqn, type IrFunction, isUnbounded, type Var } from "./types.js";

/** A counter that takes all values below `trip`, for all values of the others. */
interface Counter {
  readonly trip: number;
}

/**
 * What a region makes of the array `v` by writing to it once, each time at the place that counters name: at an index per axis
 * where it is one, or along the whole axis. Null where it does anything else with v.
 */
const written = (fn: IrFunction, v: Var, counters: ReadonlyMap<Var, Counter>): Var | null => {
  const uses = fn.body.filter((eqn) => eqn.inputs.includes(v));
  const [eqn] = uses;
  if (eqn === undefined || uses.length > 1 || fn.results.includes(v)) return null;
  if (eqn.inputs.indexOf(v) !== eqn.inputs.lastIndexOf(v)) return null;
  if (eqn.op === "dynamicUpdate") {
    const [whole, block, ...starts] = eqn.inputs;
    const used = starts.map((s) => counters.get(s));
    const covers = v.type.shape.every((n, d) => {
      if (block?.type.shape[d] === n) return true;
      const counter = used[d];
      return counter?.trip === n && used.indexOf(counter) === used.lastIndexOf(counter);
    });
    return whole === v && covers ? eqn.outs[0] : null;
  }
  if (eqn.op !== "for" || eqn.params.trip === null || eqn.params.trip < 1) return null;
  const { trip, body } = eqn.params;
  const { consts, carries } = forOperands(eqn.inputs, eqn.params);
  const k = carries.indexOf(v);
  const [counter] = body.params;
  const param = body.params[1 + consts.length + k];
  if (k < 0 || counter === undefined || param === undefined) return null;
  const inner = new Map<Var, Counter>([[counter, { trip }]]);
  consts.forEach((x, j) => {
    const [own, p] = [counters.get(x), body.params[1 + j]];
    if (own !== undefined && p !== undefined) inner.set(p, own);
  });
  const end = written(body, param, inner);
  return end !== null && end === body.results[k] ? (eqn.outs[k] ?? null) : null;
};

/** Whether all of the loop's carry `k` is written before anything reads it. */
export const isOverwritten = (eqn: ControlEqn, k: number): boolean => {
  if (eqn.op !== "for" || eqn.params.trip === null || eqn.params.trip < 1) return false;
  const { body, consts, trip } = eqn.params;
  const carry = body.params[1 + consts + k];
  const [counter] = body.params;
  if (carry === undefined || counter === undefined || isUnbounded(carry.type)) return false;
  if (carry.type.shape.length === 0) return false;
  const end = written(body, carry, new Map([[counter, { trip }]]));
  return end !== null && end === body.results[k];
};
