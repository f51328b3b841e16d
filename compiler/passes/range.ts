/**
 * Intervals that hold a value's elements, by op. A range of floats says that no element is NaN or infinite; `int` that
 * each is an integer (-0 counts as 0) of at most 2^53, so that sums and products of such are exact; `plus` that none is
 * -0. f32 has no ranges.
 */
import { type DType, isFloat, type PlainEqn, sizeOf, type TensorType } from "../ir/types.js";

export interface Range {
  readonly lo: number;
  readonly hi: number;
  readonly int: boolean;
  readonly plus?: true;
  /** Set where a condition says that the value is a multiple of this integer. */
  readonly multiple?: number;
  /** Set where the value is a multiple of a loop's counter. */
  readonly counter?: CounterMultiple;
  /** Set where the value is the greatest that a loop's counter gets, plus something. */
  readonly last?: FromLast;
  /** What sums of the value and such multiples lie in. */
  readonly sums?: readonly CounterSum[];
}
/** `scale` times the counter of loop `loop`. */
export interface CounterMultiple {
  readonly loop: number;
  readonly scale: number;
}
/** The last value of the counter of loop `loop`, plus `by`. */
export interface FromLast {
  readonly loop: number;
  readonly by: number;
}
/** The value + scale * counter lies in [lo, hi]. */
export interface CounterSum extends CounterMultiple {
  readonly lo: number;
  readonly hi: number;
}

export const I32: Range = { lo: -(2 ** 31), hi: 2 ** 31 - 1, int: true, plus: true };
export const U32: Range = { lo: 0, hi: 2 ** 32 - 1, int: true, plus: true };
const BOOL: Range = { lo: 0, hi: 1, int: true, plus: true };
const EXACT = 2 ** 53;

/** What every value of a dtype lies in. */
export const wholeRange = (dtype: DType): Range | null => {
  switch (dtype) {
    case "i32":
      return I32;
    case "u32":
      return U32;
    case "bool":
      return BOOL;
    case "f32":
    case "f64":
      return null;
    default: {
      const never: never = dtype;
      return never;
    }
  }
};

export const within = (x: Range, y: Range): boolean => x.lo >= y.lo && x.hi <= y.hi;
export const sameRange = (x: Range | null, y: Range | null): boolean =>
  x === y ||
  (x !== null &&
    y !== null &&
    x.lo === y.lo &&
    x.hi === y.hi &&
    x.int === y.int &&
    neverMinusZero(x) === neverMinusZero(y));

/** Whether no element is -0: nothing but 0 itself can be. */
export const neverMinusZero = (x: Range | null): boolean =>
  x !== null && (x.plus === true || x.lo > 0 || x.hi < 0);
/** The range, of which no element is -0 if `plus` holds. */
export const withPlus = (x: Range | null, plus: boolean): Range | null =>
  x === null || !plus || x.plus === true ? x : { ...x, plus: true };

/** Holds both; null is everything. */
export const union = (x: Range | null, y: Range | null): Range | null =>
  x === null || y === null
    ? null
    : rangeWith(
        Math.min(x.lo, y.lo),
        Math.max(x.hi, y.hi),
        x.int && y.int,
        neverMinusZero(x) && neverMinusZero(y),
      );

/** What is in both; the first where they share nothing (code that never runs). */
export const intersection = (x: Range | null, y: Range | null): Range | null => {
  if (x === null || y === null) return x ?? y;
  const lo = Math.max(x.lo, y.lo);
  const hi = Math.min(x.hi, y.hi);
  return lo <= hi ? rangeWith(lo, hi, x.int || y.int, neverMinusZero(x) || neverMinusZero(y)) : x;
};

const rangeWith = (lo: number, hi: number, int: boolean, plus: boolean): Range =>
  plus ? { lo, hi, int, plus } : { lo, hi, int };

/** The smallest range with these corners; null beyond what is exact or finite. */
const hull = (corners: readonly number[], int: boolean): Range | null => {
  const lo = Math.min(...corners);
  const hi = Math.max(...corners);
  if (!Number.isFinite(lo) || !Number.isFinite(hi)) return null;
  return int && (lo < -EXACT || hi > EXACT) ? null : { lo: lo + 0, hi: hi + 0, int };
};
const point = (n: number): Range | null => hull([n], Number.isInteger(n));

/** A result computed in a dtype: integers that overflow may be anything. */
const fitted = (x: Range | null, dtype: DType): Range | null => {
  if (dtype === "f32") return null;
  const whole = wholeRange(dtype);
  if (whole === null) return x;
  return x?.int === true && within(x, whole) ? withPlus(x, true) : whole;
};

const corners = (x: Range, y: Range, f: (a: number, b: number) => number): readonly number[] => [
  f(x.lo, y.lo),
  f(x.lo, y.hi),
  f(x.hi, y.lo),
  f(x.hi, y.hi),
];

const remainder = (x: Range, y: Range): Range | null => {
  if (!x.int || !y.int || y.lo <= 0) return null; // a remainder by 0 is NaN
  const most = y.hi - 1;
  return hull([x.lo >= 0 ? 0 : -Math.min(-x.lo, most), x.hi <= 0 ? 0 : Math.min(x.hi, most)], true);
};

/** All numbers of as many bits as the greatest. */
const bitsOf = (x: Range, y: Range): Range | null =>
  x.lo < 0 || y.lo < 0 ? null : hull([0, 2 ** Math.ceil(Math.log2(Math.max(x.hi, y.hi) + 1)) - 1], true);

/** Whether the value is whole and divided by this whole number without a rest. */
export const isMultipleOf = (x: Range | null, by: number): boolean =>
  x?.int === true && x.multiple !== undefined && by > 0 && x.multiple % by === 0;

const quotient = (x: Range, by: number): Range | null =>
  hull([Math.ceil(x.lo / by), Math.floor(x.hi / by)], true);

/** Every loop's number is one loop's, so that a multiple of its counter is known by it and the factor. */
const isMultiple = (a: CounterMultiple, b: CounterMultiple | undefined, sign: 1 | -1): boolean =>
  b !== undefined && a.loop === b.loop && a.scale === sign * b.scale;

/** x + sign * y within what is known of sums with a loop's counter. */
const withSums = (sum: Range | null, x: Range, y: Range, sign: 1 | -1): Range | null => {
  if (sum === null) return null;
  const known = [
    ...(x.sums ?? []).filter((s) => isMultiple(s, y.counter, sign)),
    ...(sign === 1 ? (y.sums ?? []).filter((s) => isMultiple(s, x.counter, 1)) : []),
  ];
  const lo = Math.max(sum.lo, ...known.map((s) => s.lo));
  const hi = Math.min(sum.hi, ...known.map((s) => s.hi));
  return lo <= hi ? { ...sum, lo, hi } : sum;
};

/** x - y of what counts from a loop's last iteration: last - counter takes the counter's values, the last first. */
const reversed = ({ last }: Range, y: Range, difference: Range | null): Range | null => {
  if (last === undefined) return null;
  const { lo, hi, counter } = y;
  if (last.by === 0 && last.loop === counter?.loop && counter.scale === 1)
    return { lo, hi, int: true, plus: true, counter };
  const isStep = difference !== null && y.int && lo === hi;
  return isStep ? { ...difference, last: { loop: last.loop, by: last.by - lo } } : null;
};

/** A multiple of a counter times a constant. */
const scaled = (product: Range | null, x: Range, y: Range): Range | null => {
  const [{ counter }, by] = y.counter === undefined ? [x, y] : [y, x];
  if (product === null || counter === undefined || by.lo !== by.hi || !by.int || by.lo === 0) return product;
  return { ...product, counter: { loop: counter.loop, scale: counter.scale * by.lo } };
};

/**
 * Whether a result is never -0 because its operands are not: a sum is only if both are, a difference if its first is and
 * its second is 0; products, quotients and remainders of no negative numbers are not.
 */
const plusOf = (op: PlainEqn["op"], x: Range, y: Range): boolean => {
  const [p, q] = [neverMinusZero(x), neverMinusZero(y)];
  switch (op) {
    case "add":
      return p || q;
    case "sub":
      return p || y.lo > 0 || y.hi < 0;
    case "mul":
      // a whole number times this is too large to vanish
      return p && ((q && x.lo >= 0 && y.lo >= 0) || (x.int && y.lo > 2 ** -53));
    case "div":
      return p && y.lo > 0 && (x.lo >= 0 || (x.int && y.hi < 2 ** 53));
    case "rem":
      return p && x.lo >= 0 && y.lo > 0;
    case "min":
    case "max":
      return p && q;
    default:
      return false;
  }
};

const binaryRange = (op: PlainEqn["op"], x: Range, y: Range): Range | null => {
  const int = x.int && y.int;
  switch (op) {
    case "add":
      return withSums(hull([x.lo + y.lo, x.hi + y.hi], int), x, y, 1);
    case "sub": {
      const difference = withSums(hull([x.lo - y.hi, x.hi - y.lo], int), x, y, -1);
      return reversed(x, y, difference) ?? difference;
    }
    case "mul": {
      if (y.lo === y.hi && isMultipleOf(x, 1 / y.lo)) return quotient(x, 1 / y.lo);
      const product = hull(
        corners(x, y, (a, b) => a * b),
        int,
      );
      return scaled(product, x, y);
    }
    case "div":
      if (y.lo === y.hi && isMultipleOf(x, y.lo)) return quotient(x, y.lo);
      return y.lo > 0
        ? hull(
            corners(x, y, (a, b) => a / b),
            false,
          )
        : null;
    case "rem":
      return remainder(x, y);
    case "min":
      return hull([Math.min(x.lo, y.lo), Math.min(x.hi, y.hi)], int);
    case "max":
      return hull([Math.max(x.lo, y.lo), Math.max(x.hi, y.hi)], int);
    case "and":
      if (x.lo >= 0 && y.lo >= 0) return hull([0, Math.min(x.hi, y.hi)], true);
      if (x.lo >= 0) return hull([0, x.hi], true);
      return y.lo >= 0 ? hull([0, y.hi], true) : null;
    case "or":
    case "xor":
      return bitsOf(x, y);
    case "shr":
      return y.lo === y.hi && y.lo >= 0 && y.lo < 32 ? hull([x.lo >> y.lo, x.hi >> y.lo], true) : null;
    case "ushr":
      if (y.lo !== y.hi || y.lo < 0 || y.lo >= 32) return null;
      // of a negative number 2^32 more is shifted
      return x.lo >= 0 ? hull([x.lo >>> y.lo, x.hi >>> y.lo], true) : hull([0, (2 ** 32 - 1) >>> y.lo], true);
    default:
      return null;
  }
};

/** The range of an equation without regions; `inputs` are those of its operands. */
export const rangeOf = (eqn: PlainEqn, inputs: readonly (Range | null)[]): Range | null => {
  const { type } = eqn.outs[0];
  const [x = null, y = null] = inputs;
  const source = eqn.inputs[0]?.type.dtype ?? type.dtype;
  switch (eqn.op) {
    case "const":
      return fitted(withPlus(point(eqn.params.value), !Object.is(eqn.params.value, -0)), type.dtype);
    case "literal": {
      const { data } = eqn.params;
      const range = data.length === 0 ? null : hull(data, data.every(Number.isInteger));
      return fitted(withPlus(range, !data.some((v) => Object.is(v, -0))), type.dtype);
    }
    case "iota":
      return fitted(
        withPlus(hull([0, Math.max(0, sizeAt(type, eqn.params.axis) - 1)], true), true),
        type.dtype,
      );
    case "argmax":
    case "argmin":
      return fitted(
        hull([0, Math.max(0, sizeAt(eqn.inputs[0]?.type ?? type, eqn.params.axis) - 1)], true),
        type.dtype,
      );
    case "select":
      return fitted(union(y, inputs[2] ?? null), type.dtype);
    case "cast":
    case "toInt32": {
      if (type.dtype === "bool") return BOOL;
      const whole = wholeRange(type.dtype);
      if (x === null) return whole;
      if (whole === null || (x.int && within(x, whole)))
        return fitted(withPlus(x, !isFloat(source)), type.dtype);
      return fitted(hull([Math.trunc(x.lo), Math.trunc(x.hi)], true), type.dtype);
    }
    case "bitcast": {
      const whole = wholeRange(type.dtype);
      // a number that both dtypes have is the same in both
      return x?.int === true && whole !== null && within(x, whole) && x.lo >= 0 && !isFloat(source)
        ? x
        : whole;
    }
    case "floor":
    case "ceil":
    case "trunc":
    case "round":
    case "rint": {
      if (x === null || type.dtype !== "f64") return null;
      // what lies in (-1, 0) is rounded to -0, except by floor
      const plus = neverMinusZero(x) && (eqn.op === "floor" || x.int || x.lo >= 0);
      return withPlus(hull([Math.floor(x.lo), Math.ceil(x.hi)], true), plus);
    }
    case "neg":
      return x === null ? wholeRange(type.dtype) : fitted(hull([-x.hi, -x.lo], x.int), type.dtype);
    case "abs":
      return x === null
        ? wholeRange(type.dtype)
        : fitted(
            withPlus(
              hull(
                [
                  x.lo <= 0 && x.hi >= 0 ? 0 : Math.min(Math.abs(x.lo), Math.abs(x.hi)),
                  Math.max(-x.lo, x.hi),
                ],
                x.int,
              ),
              true,
            ),
            type.dtype,
          );
    case "clz32":
      return fitted(hull([0, 32], true), type.dtype);
    case "sqrt":
      return x === null || x.lo < 0 || type.dtype !== "f64"
        ? null
        : withPlus(hull([Math.sqrt(x.lo), Math.sqrt(x.hi)], false), neverMinusZero(x));
    case "reshape":
    case "transpose":
    case "slice":
    case "reverse":
    case "broadcast":
    case "stopGradient":
    case "barrier":
    case "name":
    case "gather":
    case "dynamicSlice":
      return sizeOf(eqn.inputs[0]?.type.shape ?? []) === 0 ? wholeRange(type.dtype) : x;
    case "pad":
    case "dynamicUpdate":
      return union(x, y);
    case "concat":
      return inputs.reduce(union, x);
    case "reduceMax":
    case "reduceMin":
      return sizeOf(eqn.inputs[0]?.type.shape ?? []) === 0 ? wholeRange(type.dtype) : x;
    default: {
      const whole = wholeRange(type.dtype);
      if (x === null || y === null) return whole;
      return fitted(withPlus(binaryRange(eqn.op, x, y), plusOf(eqn.op, x, y)), type.dtype);
    }
  }
};

const sizeAt = (type: TensorType, axis: number): number => type.shape[axis] ?? 0;
