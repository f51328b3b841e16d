/**
 * Random loops over numbers that are nearly always whole: sums, products, remainders, bit operations, elements at computed
 * indices, branches and loops in loops, with starts and constants around -0, 2^31, 2^32 and 2^53. Every loop ends: it runs
 * at most six times.
 */
import { type Builder, createBuilder } from "../../compiler/ir/builder.js";
import type { IrFunction, Var } from "../../compiler/ir/types.js";
import { NOT_WHOLE } from "../../compiler/kernel/types.js";

/** Where integers of 32 bits, or doubles, end. */
export const EDGES: readonly number[] = [
  ...[0, -0, 1, -1, 2, 3, -7, 0.5, 255],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32],
  ...[2 ** 30, 715827882, 715827883, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 52 + 1],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300],
];
const CONSTANTS: readonly number[] = [...EDGES.slice(0, 15), 1, 1, 2, 2, 3, 4, 8, 100];
const MOST = 6;

type Pick = (limit: number) => number;
type Step = (b: Builder, pick: Pick, values: Values) => void;

interface Values {
  readonly doubles: Var[];
  /** i32 arrays of four elements, and f64 ones. */
  readonly arrays: readonly Var[];
}

const double = (b: Builder, pick: Pick, { doubles }: Values): Var => {
  if (pick(5) === 0) return b.scalar(CONSTANTS[pick(CONSTANTS.length)] ?? 0, "f64");
  // later values are likelier
  const last = doubles.length - 1;
  return doubles[pick(2) === 0 ? last - pick(Math.min(3, last + 1)) : pick(last + 1)] ?? b.scalar(1, "f64");
};

/** A value that may well be a small number: one of the first of its region, which carries are, or a constant. */
const small = (b: Builder, pick: Pick, values: Values): Var =>
  pick(3) === 0
    ? b.scalar(pick(4), "f64")
    : (values.doubles[pick(Math.min(4, values.doubles.length))] ?? double(b, pick, values));

const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
const condition = (b: Builder, pick: Pick, values: Values): Var => {
  const [x, y] =
    pick(2) === 0
      ? [double(b, pick, values), double(b, pick, values)]
      : [small(b, pick, values), b.scalar([0, 1, 3, 4, 100, 2 ** 31][pick(6)] ?? 0, "f64")];
  const cond = b[COMPARISONS[pick(6)] ?? "eq"](x, y);
  return pick(4) === 0 ? b.not(cond) : cond;
};

/** As the front end writes an index. */
const index = (b: Builder, x: Var, knownWhole: boolean): Var =>
  b.cast(knownWhole ? x : b.select(b.eq(b.floor(x), x), x, b.fill(x, NOT_WHOLE)), "i32");

const BIT_OPS = ["and", "or", "xor", "shl", "shr", "ushr"] as const;
const bits = (b: Builder, pick: Pick, values: Values): Var => {
  const [x, y] = [double(b, pick, values), double(b, pick, values)].map((v) => b.emit("toInt32", [v], {}));
  if (x === undefined || y === undefined) throw new RangeError("two operands");
  const op = BIT_OPS[pick(6)] ?? "and";
  const amount = op.startsWith("sh") || op === "ushr" ? b.scalar(pick(32), "i32") : y;
  const result = b.emit(op, [x, amount], {});
  return b.cast(
    op === "ushr" || pick(3) === 0 ? b.emit("bitcast", [result], { dtype: "u32" }) : result,
    "f64",
  );
};

const STEPS: readonly Step[] = [
  ...(["add", "sub", "mul", "min", "max", "rem", "add", "sub", "div"] as const).map(
    (op): Step =>
      (b, pick, values) =>
        values.doubles.push(b[op](double(b, pick, values), double(b, pick, values))),
  ),
  ...(["add", "sub"] as const).map(
    (op): Step =>
      (b, pick, values) =>
        values.doubles.push(b[op](double(b, pick, values), b.scalar(1, "f64"))),
  ),
  ...(["floor", "ceil", "trunc", "round", "neg", "abs"] as const).map(
    (op): Step =>
      (b, pick, values) =>
        values.doubles.push(b.emit(op, [double(b, pick, values)], {})),
  ),
  (b, pick, values) => values.doubles.push(bits(b, pick, values)),
  (b, pick, values) => values.doubles.push(bits(b, pick, values)),
  (b, pick, values) =>
    values.doubles.push(
      b.select(condition(b, pick, values), double(b, pick, values), double(b, pick, values)),
    ),
  // halved where it is even, as people write it
  (b, pick, values) => {
    const x = pick(2) === 0 ? double(b, pick, values) : small(b, pick, values);
    const two = b.scalar([2, 4, 3][pick(3)] ?? 2, "f64");
    const even = b.eq(b.rem(x, two), b.scalar(pick(2) * 1, "f64"));
    const rest = (v: Var): Var => b.add(b.mul(v, b.scalar(3, "f64")), b.scalar(1, "f64"));
    if (pick(2) === 0) values.doubles.push(b.select(even, b.div(x, two), rest(x)));
    else {
      const side = (f: (inner: Builder, v: Var) => Var): IrFunction => {
        const inner = createBuilder();
        const v = inner.param(x.type);
        return inner.finish("side", [f(inner, v)]);
      };
      values.doubles.push(
        ...b.emitAll("if", [even, x], {
          then: side((inner, v) => inner.div(v, inner.scalar(2, "f64"))),
          else: side((inner, v) => inner.add(inner.mul(inner.scalar(3, "f64"), v), inner.scalar(1, "f64"))),
        }),
      );
    }
  },
  // an element, inside or not
  (b, pick, values) => {
    const array = values.arrays[pick(values.arrays.length)];
    if (array === undefined) return;
    const of = pick(3) === 0 ? double(b, pick, values) : small(b, pick, values);
    const at = index(b, of, pick(4) === 0);
    const x = b.reshape(b.emit("dynamicSlice", [array, at], { sizes: [1], mode: "check" }), []);
    values.doubles.push(b.cast(x, "f64"));
  },
];

/** A region over i32 counters that come first, then arrays, then doubles; gives as many doubles as `results` says. */
const region = (
  pick: Pick,
  depth: number,
  counters: number,
  outer: { readonly arrays: readonly Var[]; readonly doubles: number; readonly carries: number },
  finish: (b: Builder, params: readonly Var[], doubles: readonly Var[], values: Values) => readonly Var[],
): IrFunction => {
  const b = createBuilder();
  const own = Array.from({ length: counters }, () => b.param({ dtype: "i32", shape: [] }));
  const arrays = outer.arrays.map((a) => b.param(a.type));
  const doubles = Array.from({ length: outer.doubles }, () => b.param({ dtype: "f64", shape: [] }));
  const values: Values = { doubles: [...doubles], arrays };
  for (const i of own) if (pick(2) === 0) values.doubles.push(b.cast(i, "f64"));
  steps(b, pick, values, depth);
  return b.finish("region", finish(b, own, doubles, values));
};

const carriesOf = (
  b: Builder,
  pick: Pick,
  values: Values,
  doubles: readonly Var[],
  count: number,
): readonly Var[] =>
  doubles.slice(-count).map((v) => {
    const kind = pick(12);
    if (kind === 0) return v;
    if (kind < 4) return b.add(v, b.scalar(1, "f64"));
    if (kind < 7) return b.sub(v, b.scalar([1, 1, 2, 2 ** 29][pick(4)] ?? 1, "f64"));
    return double(b, pick, values);
  });

/** A loop or a branch over some of the values. */
const control = (b: Builder, pick: Pick, values: Values, depth: number): void => {
  const count = 1 + pick(3);
  const inits = Array.from({ length: count }, () =>
    pick(3) === 0 ? double(b, pick, values) : small(b, pick, values),
  );
  const consts = pick(2) === 0 ? [] : [double(b, pick, values)];
  const outer = { arrays: values.arrays, doubles: consts.length + count, carries: count };
  const given = [...values.arrays, ...consts];
  const kind = pick(4);
  if (kind === 0) {
    const side = (): IrFunction =>
      region(pick, depth + 1, 0, outer, (inner, _own, doubles, vs) =>
        carriesOf(inner, pick, vs, doubles, count),
      );
    const cond = condition(b, pick, values);
    values.doubles.push(...b.emitAll("if", [cond, ...given, ...inits], { then: side(), else: side() }));
    return;
  }
  if (kind === 1) {
    const body = region(pick, depth + 1, 1, outer, (inner, _own, doubles, vs) =>
      carriesOf(inner, pick, vs, doubles, count),
    );
    const params = { trip: pick(MOST + 1), consts: given.length, body };
    values.doubles.push(...b.emitAll("for", [...given, ...inits], params));
    return;
  }
  // the counter is the first carry: it keeps the loop from running on
  const swap = (fn: IrFunction): IrFunction => ({
    ...fn,
    params: [
      ...fn.params.slice(1, 1 + given.length),
      ...fn.params.slice(0, 1),
      ...fn.params.slice(1 + given.length),
    ],
  });
  const cond = region(pick, 3, 1, outer, (inner, [i], _doubles, vs) => {
    const short = inner.lt(i ?? inner.scalar(MOST, "i32"), inner.scalar(pick(MOST + 1), "i32"));
    return pick(3) === 0 ? [short] : [inner.and(short, condition(inner, pick, vs))];
  });
  const body = region(pick, depth + 1, 1, outer, (inner, [i], doubles, vs) => [
    ...(i === undefined ? [] : [inner.add(i, inner.scalar(1, "i32"))]),
    ...carriesOf(inner, pick, vs, doubles, count),
  ]);
  const operands = [...given, b.scalar(0, "i32"), ...inits];
  const params = { consts: given.length, cond: swap(cond), body: swap(body) };
  values.doubles.push(...b.emitAll("while", operands, params).slice(1));
};

const steps = (b: Builder, pick: Pick, values: Values, depth: number): void => {
  const count = depth === 3 ? pick(3) : 1 + pick(6);
  for (let k = 0; k < count; k++) STEPS[pick(STEPS.length)]?.(b, pick, values);
  if (depth < 2 && (depth === 0 || pick(2) === 0)) control(b, pick, values, depth);
  if (depth < 3) for (let k = 0; k < pick(3); k++) STEPS[pick(STEPS.length)]?.(b, pick, values);
};

/** Params: two doubles, an i32, an i32 array and an f64 array of four elements. All values at the end are results. */
export const randomIntegers = (pick: Pick): IrFunction => {
  const b = createBuilder();
  const [x, y] = [b.param({ dtype: "f64", shape: [] }), b.param({ dtype: "f64", shape: [] })];
  const i = b.param({ dtype: "i32", shape: [] });
  const doubles = [b.cast(i, "f64"), b.cast(b.and(i, b.scalar(3, "i32")), "f64"), x, y];
  const arrays = [b.param({ dtype: "i32", shape: [4] }), b.param({ dtype: "f64", shape: [4] })];
  const values: Values = { doubles, arrays };
  steps(b, pick, values, 0);
  return b.finish("integers", values.doubles);
};
