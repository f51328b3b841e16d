/** Long float sums: accumulators in blocks, their totals in two words (kernel/sum-levels.ts). */
import { internal } from "../../diagnostics.js";
import { isFloat } from "../../ir/types.js";
import { sumLevels } from "../../kernel/sum-levels.js";
import type { Carry, ReduceCarry } from "../../kernel/types.js";
import { type Expr, type Fn, get, type Lanes, type Local, newLocal, set } from "./asm.js";
import { accumulatorType, combineValues, identityValue, type Slot } from "./carries.js";
import { SCALAR_RULES } from "./scalar.js";
import { VECTOR_RULES } from "./simd.js";

/** high + low: unevaluated, |low| far below |high|. */
interface Total {
  readonly high: Local;
  readonly low: Local;
}

/** A sum in blocks: the accumulators that are added together, and the totals of the blocks and spans. */
export interface BlockedSum {
  readonly carry: ReduceCarry;
  readonly lanes: Lanes | null;
  readonly slots: readonly Slot[];
  readonly span: Total | null;
  readonly block: Total;
}

type Float = "f32" | "f64";
const floatType = ({ type }: ReduceCarry): Float =>
  type === "f32" || type === "f64" ? type : internal("only float sums are blocked");

export const isBlocked = (carry: Carry, iterations: number): carry is ReduceCarry =>
  carry.kind === "reduce" && carry.combine === "sum" && isFloat(carry.type) && sumLevels(iterations) !== null;

export const newBlockedSum = (
  fn: Fn,
  carry: ReduceCarry,
  lanes: Lanes | null,
  slots: readonly Slot[],
  iterations: number,
): BlockedSum => {
  const type = accumulatorType(carry, lanes);
  const total = (): Total => ({ high: newLocal(fn, type), low: newLocal(fn, type) });
  const span = sumLevels(iterations)?.span ?? null;
  return { carry, lanes, slots, span: span === null ? null : total(), block: total() };
};

const binaryRule = (fn: Fn, s: BlockedSum, op: "add" | "sub" | "gt", x: Expr, y: Expr): Expr => {
  const type = floatType(s.carry);
  const to = op === "gt" ? "bool" : type;
  return s.lanes === null
    ? SCALAR_RULES[op]({ fn, from: type, to }, [x, y])
    : VECTOR_RULES[op]({ fn, lanes: s.lanes, types: [type, type], from: type, to, uniformCount: null }, [
        x,
        y,
      ]);
};

const setNothing = (fn: Fn, s: BlockedSum, total: Total): readonly Expr[] => [
  set(fn, total.high, identityValue(fn, s.carry, s.lanes)),
  set(fn, total.low, identityValue(fn, s.carry, s.lanes)),
];

/** total += term, exactly (D. Knuth, TAOCP 2, 4.2.2); what is lost of the high word goes to the low one. */
const addExactly = (fn: Fn, s: BlockedSum, total: Total, term: Local): readonly Expr[] => {
  const type = accumulatorType(s.carry, s.lanes);
  const [sum, part] = [newLocal(fn, type), newLocal(fn, type)];
  const sub = (x: Expr, y: Expr): Expr => binaryRule(fn, s, "sub", x, y);
  const add = (x: Expr, y: Expr): Expr => binaryRule(fn, s, "add", x, y);
  const high = (): Expr => get(fn, total.high);
  return [
    set(fn, sum, add(high(), get(fn, term))),
    set(fn, part, sub(get(fn, sum), high())),
    set(
      fn,
      total.low,
      add(
        get(fn, total.low),
        add(sub(high(), sub(get(fn, sum), get(fn, part))), sub(get(fn, term), get(fn, part))),
      ),
    ),
    set(fn, total.high, get(fn, sum)),
  ];
};

/** The outermost total: what the loop's result is. */
const outer = (s: BlockedSum): Total => s.span ?? s.block;

/** Before the loop. */
export const startSum = (fn: Fn, s: BlockedSum, init: Expr | null): readonly Expr[] => {
  const total = outer(s);
  const nothing = setNothing(fn, s, total);
  return init === null ? nothing : [...nothing, set(fn, total.high, init)];
};

export const startSpan = (fn: Fn, s: BlockedSum): readonly Expr[] =>
  s.span === null ? [] : setNothing(fn, s, s.block);

export const startBlock = (fn: Fn, s: BlockedSum): readonly Expr[] =>
  s.slots.map((slot) => set(fn, slot.local, identityValue(fn, s.carry, s.lanes)));

export const endBlock = (fn: Fn, s: BlockedSum): readonly Expr[] => {
  const term = newLocal(fn, accumulatorType(s.carry, s.lanes));
  return [
    set(
      fn,
      term,
      combineValues(
        fn,
        s.carry,
        s.lanes,
        s.slots.map((slot) => get(fn, slot.local)),
      ),
    ),
    ...addExactly(fn, s, s.block, term),
  ];
};

export const endSpan = (fn: Fn, s: BlockedSum): readonly Expr[] => {
  if (s.span === null) return [];
  const { low } = s.span;
  return [
    ...addExactly(fn, s, s.span, s.block.high),
    set(fn, low, binaryRule(fn, s, "add", get(fn, low), get(fn, s.block.low))),
  ];
};

/**
 * The sum, into `result`: high + low; high alone where low is zero (then it may be -0) or NaN (then high has left the finite
 * numbers).
 */
export const finishSum = (fn: Fn, s: BlockedSum, result: Local): Expr => {
  const type = floatType(s.carry);
  const { high, low } = outer(s);
  const zero = identityValue(fn, s.carry, s.lanes);
  const both = binaryRule(fn, s, "add", get(fn, high), get(fn, low));
  if (s.lanes === null) {
    const size = SCALAR_RULES.abs({ fn, from: type, to: type }, [get(fn, low)]);
    const counts = binaryRule(fn, s, "gt", size, zero);
    return set(fn, result, fn.m.select(counts, both, get(fn, high)));
  }
  const call = { fn, lanes: s.lanes, types: [type], from: type, to: type, uniformCount: null };
  const size = VECTOR_RULES.abs(call, [get(fn, low)]);
  const mask = binaryRule(fn, s, "gt", size, zero);
  const choice = { ...call, types: ["bool" as const, type, type] };
  return set(fn, result, VECTOR_RULES.select(choice, [mask, both, get(fn, high)]));
};
