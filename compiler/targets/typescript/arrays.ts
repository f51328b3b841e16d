/** Arrays as functions from indices to elements, and loops that store them or fold them. */
import { internal } from "../../diagnostics.js";
import { type DType, type PlainEqn, type Shape, sizeOf, type TensorType } from "../../ir/types.js";
import {
  array,
  arrow,
  binary,
  bool,
  call,
  conditional,
  type Expr,
  index,
  method,
  name as nameExpr,
  num,
  type Variable,
} from "./code.js";
import {
  type ArrayValue,
  assign,
  declare,
  type Emitter,
  emit,
  type Frame,
  inBlock,
  keepReaders,
  type Layout,
  NONE,
  newVariable,
  watch,
} from "./emitter.js";
import { difference, product, sum } from "./integers.js";

const TYPED: Readonly<Record<DType, string | null>> = {
  f32: "Float32Array",
  f64: "Float64Array",
  i32: "Int32Array",
  u32: "Uint32Array",
  bool: null,
};

/** The layout of new arrays. */
export const layoutOf = (e: Emitter, { dtype, shape }: TensorType): Layout => ({
  typed: shape.length === 1 && dtype !== "bool" && (e.typed || dtype === "f32"),
});

/** `number[][]` or `Float64Array`. */
export const arrayTypeText = ({ dtype, shape }: TensorType, { typed }: Layout): string => {
  if (shape.length === 0) return dtype === "bool" ? "boolean" : "number";
  if (typed) return TYPED[dtype] ?? "number[]";
  return `${dtype === "bool" ? "boolean" : "number"}${"[]".repeat(shape.length)}`;
};

/** A new array with one value in all its places. */
export const filledArray = ({ dtype, shape }: TensorType, { typed }: Layout, value: Expr): Expr => {
  const [n = 0, ...rest] = shape;
  if (typed) {
    const made = call(`new ${TYPED[dtype] ?? "Array"}`, num(n));
    return value.kind === "number" && Object.is(value.value, 0) ? made : method(made, "fill", value);
  }
  if (rest.length === 0)
    return method(call(`new Array<${dtype === "bool" ? "boolean" : "number"}>`, num(n)), "fill", value);
  const row = filledArray({ dtype, shape: rest }, { typed: false }, value);
  return call("Array.from", { kind: "object", fields: [["length", num(n)]] }, arrow("()", row));
};

/** A copy of an array that lies in memory. */
const copyOf = (whole: Expr, rank: number): Expr => {
  if (rank === 1) return method(whole, "slice");
  const row = rank === 2 ? "row" : rank === 3 ? "plane" : "part";
  return method(whole, "map", arrow(`(${row})`, copyOf(nameExpr(row), rank - 1)));
};

/** The element of an array that lies in memory. */
export const elementOf =
  (whole: Expr) =>
  (at: readonly Expr[]): Expr =>
    index(whole, ...at);

/** Whether an array has one element only, which stands for it. */
export const isSingle = ({ shape }: TensorType): boolean => shape.every((n) => n === 1);

const INDICES = ["i", "j", "k", "l", "m", "n"];
/** Runs `f` inside loops over all indices of a shape. */
export const overIndices = (e: Emitter, shape: Shape, f: (at: readonly Expr[]) => undefined): undefined => {
  const go = (axis: number, at: readonly Expr[]): undefined => {
    const n = shape[axis];
    if (n === undefined) return f(at);
    if (n === 1) return go(axis + 1, [...at, num(0)]);
    const { statements, result } = inBlock(e, () => {
      const i = e.block.names.fresh(INDICES.find((x) => !e.block.names.has(x)) ?? "i");
      go(axis + 1, [...at, nameExpr(i)]);
      return i;
    });
    emit(e, {
      kind: "for",
      start: [[result, num(0)]],
      test: binary("<", nameExpr(result), num(n)),
      step: `${result}++`,
      body: statements,
    });
  };
  go(0, []);
};

/** Gives an array memory of its own, which may be written to. */
export const store = (e: Emitter, value: ArrayValue, wanted: string | null): undefined => {
  if (value.type.shape.includes(Number.POSITIVE_INFINITY)) internal("an array without end is stored");
  const { type } = value;
  const from = value.whole;
  const layout = from === null ? layoutOf(e, type) : value.layout;
  const variable = newVariable(e, wanted ?? value.name ?? "a");
  const place = nameExpr(variable.name);
  const { element } = value;
  if (from !== null) declare(e, variable, copyOf(from, type.shape.length));
  else if (isSingle(type)) {
    const nested = type.shape.reduce((x: Expr) => array([x]), element(type.shape.map(() => num(0))));
    declare(
      e,
      variable,
      layout.typed ? call(`${arrayTypeText(type, layout)}.of`, element([num(0)])) : nested,
    );
  } else {
    const splat = splatOf(element, type.shape.length);
    declare(e, variable, filledArray(type, layout, splat ?? (type.dtype === "bool" ? bool(false) : num(0))));
    if (splat === null) overIndices(e, type.shape, (at) => assign(e, index(place, ...at), element(at)));
  }
  adopt(value, variable, place, layout, true);
  watch(e, value);
};

/** Makes a value the contents of a variable. */
export const adopt = (
  value: ArrayValue,
  variable: Variable,
  place: Expr,
  layout: Layout,
  owned: boolean,
): undefined => {
  value.variable = variable;
  value.whole = place;
  value.element = elementOf(place);
  value.layout = layout;
  value.owned = owned;
  value.padded = null;
  value.cheap = true;
  value.reads = new Set([variable]);
};

/** The number in all places, if it is one. */
const splatOf = (element: ArrayValue["element"], rank: number): Expr | null => {
  const probe = element(Array.from({ length: rank }, (_, k) => nameExpr(`?${k}`)));
  return probe.kind === "number" || probe.kind === "boolean" ? probe : null;
};

export const newArray = (
  frame: Frame,
  type: TensorType,
  parts: Pick<ArrayValue, "element" | "reads" | "cheap"> & Partial<ArrayValue>,
): ArrayValue => ({
  kind: "array",
  type,
  frame,
  uses: 0,
  name: null,
  whole: null,
  layout: { typed: false },
  variable: null,
  owned: false,
  padded: null,
  ...parts,
});

/** The flat index of `at` in `shape`. */
const flatten = (at: readonly Expr[], shape: Shape): Expr =>
  at.reduce((flat: Expr, k, axis) => {
    const n = shape[axis] ?? 1;
    return n === 1 ? flat : sum(product(num(n), flat), k);
  }, num(0));

/** The indices in `shape` of a flat index. */
const unflatten = (flat: Expr, shape: Shape): readonly Expr[] =>
  shape.map((n, axis) => {
    const inner = sizeOf(shape.slice(axis + 1));
    if (n === 1) return num(0);
    if (flat.kind === "number") return num(Math.floor(flat.value / inner) % n);
    const row = inner === 1 ? flat : call("Math.floor", binary("/", flat, num(inner)));
    return shape.slice(0, axis).every((m) => m === 1) ? row : binary("%", row, num(n));
  });

/** The indices of the operand for those of a reshape's result: axes of extent 1 come and go. */
const reshaped = (at: readonly Expr[], from: Shape, to: Shape): readonly Expr[] => {
  const long = (shape: Shape): string => shape.filter((n) => n !== 1).join();
  if (long(from) !== long(to)) return unflatten(flatten(at, to), from);
  const moving = at.filter((_, k) => to[k] !== 1);
  let next = 0;
  return from.map((n) => (n === 1 ? num(0) : (moving[next++] ?? num(0))));
};

/** x / stride where it is known to be whole. */
const dividedIndex = (x: Expr, stride: number): Expr =>
  stride === 1 ? x : x.kind === "number" ? num(x.value / stride) : binary("/", x, num(stride));

/** The element function of an op that only moves elements, or makes them from their indices; null for other ops. */
export const movement = (
  eqn: PlainEqn,
  [x, ...others]: readonly ((at: readonly Expr[]) => Expr)[],
): ((at: readonly Expr[]) => Expr) | null => {
  const [source] = eqn.inputs;
  const from = source?.type.shape ?? [];
  const operand = x ?? ((): Expr => internal(`${eqn.op} without an operand`));
  const [out] = eqn.outs;
  switch (eqn.op) {
    case "const": {
      const { value, dtype } = eqn.params;
      const element =
        dtype === "bool" ? bool(value !== 0) : num(dtype === "f32" ? Math.fround(value) : value);
      return () => element;
    }
    case "iota":
      return (at) => at[eqn.params.axis] ?? num(0);
    case "reshape":
      return (at) => operand(reshaped(at, from, out.type.shape));
    case "broadcast":
      return (at) => operand(eqn.params.dims.map((d, k) => (from[k] === 1 ? num(0) : (at[d] ?? num(0)))));
    case "transpose":
      return (at) => {
        const source: Expr[] = from.map(() => num(0));
        eqn.params.perm.forEach((p, k) => {
          source[p] = at[k] ?? num(0);
        });
        return operand(source);
      };
    case "slice":
      return (at) =>
        operand(
          at.map((k, axis) =>
            sum(product(num(eqn.params.stride[axis] ?? 1), k), num(eqn.params.start[axis] ?? 0)),
          ),
        );
    case "reverse":
      return (at) =>
        operand(
          at.map((k, axis) =>
            eqn.params.axes.includes(axis) ? difference(num((from[axis] ?? 1) - 1), k) : k,
          ),
        );
    case "pad":
      return (at) => padded(eqn.params, from, at, operand, others[0]?.([]) ?? num(0));
    case "concat": {
      const { axis } = eqn.params;
      const sources = [operand, ...others];
      return (at) => {
        const k = at[axis] ?? num(0);
        let start = 0;
        const pieces = eqn.inputs.map((v, s) => {
          const first = start;
          start += v.type.shape[axis] ?? 0;
          return { element: sources[s] ?? operand, first, end: start };
        });
        const last = pieces.at(-1) ?? internal("a concat of nothing");
        const within = (first: number): readonly Expr[] => at.with(axis, difference(k, num(first)));
        if (k.kind === "number") {
          const piece = pieces.find((p) => k.value < p.end) ?? last;
          return piece.element(within(piece.first));
        }
        return pieces
          .slice(0, -1)
          .reduceRight(
            (rest: Expr, p) =>
              p.first === p.end
                ? rest
                : conditional(binary("<", k, num(p.end)), p.element(within(p.first)), rest),
            last.element(within(last.first)),
          );
      };
    }
    default:
      return null;
  }
};

const padded = (
  { low, high, interior }: Extract<PlainEqn, { readonly op: "pad" }>["params"],
  from: Shape,
  at: readonly Expr[],
  operand: (at: readonly Expr[]) => Expr,
  value: Expr,
): Expr => {
  const conditions: Expr[] = [];
  let outside = false;
  const places = at.map((k, axis) => {
    const first = low[axis] ?? 0;
    const step = 1 + (interior[axis] ?? 0);
    const n = from[axis] ?? 0;
    const last = first + Math.max(0, n - 1) * step;
    if (k.kind === "number") {
      const place = k.value - first;
      if (n === 0 || place < 0 || k.value > last || place % step !== 0) outside = true;
      return num(place / step);
    }
    if (n === 0) outside = true;
    const place = difference(k, num(first));
    if (n === 1) {
      conditions.push(binary("===", k, num(first)));
      return num(0);
    }
    if (first > 0) conditions.push(binary(">=", k, num(first)));
    if ((high[axis] ?? 0) > 0) conditions.push(binary("<=", k, num(last)));
    if (step > 1) conditions.push(binary("===", binary("%", place, num(step)), num(0)));
    return dividedIndex(place, step);
  });
  if (outside) return value;
  const element = operand(places);
  return conditions.length === 0
    ? element
    : conditional(
        conditions.reduce((all, c) => binary("&&", all, c)),
        element,
        value,
      );
};

/** Before an array is written to: what reads it and is still needed is kept. */
export const beforeWrite = (e: Emitter, variable: Variable): undefined => keepReaders(e, new Set([variable]));

export const noReads = NONE;
