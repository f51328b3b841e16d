/** The element of a value at a symbolic point: the equation inlined there, down to memory. */
import { internal, type Span } from "../../diagnostics.js";
import {
  type DType,
  type Eqn,
  type IndexMode,
  isControl,
  isFloat,
  isInt,
  sizeOf,
  UNBOUNDED,
  type Var,
} from "../../ir/types.js";
import type { BufferId, RuntimeErrorEntry, ValueId } from "../types.js";
import { dim, operand } from "./decompose.js";
import type { Emitter } from "./emitter.js";
import type { Graph } from "./graph.js";
import {
  addIndex,
  constantOf,
  constIndex,
  flatIndex,
  type Index,
  pointKey,
  scaleIndex,
  shiftIndex,
} from "./index-expr.js";
import { concatAt, gatherAt, padAt, reshapePoint } from "./points.js";

/** An index or a cast out of range, found at run time: the code that the reference interpreter gives it too. */
export const RANGE_CODE = "TSJ6001";

/** What is read, and what is computed from its definition. */
export interface Definitions {
  readonly paramOf: { readonly has: (v: Var) => boolean };
  readonly nodeOf: { readonly has: (v: Var) => boolean };
  readonly defs: Graph["defs"];
}

/** What evaluation of one kernel's values needs. */
export interface ValueContext {
  readonly e: Emitter;
  readonly graph: Definitions;
  /** An element of a parameter or a node. */
  readonly read: (v: Var, at: readonly Index[]) => ValueId;
  /** The same by its row-major position. */
  readonly readFlat: (v: Var, position: Index) => ValueId;
  readonly literal: (eqn: Eqn) => BufferId;
  /** Told where the range of an index leaves open which side of `from` it lies on. */
  readonly undecided: (i: Index, from: number) => void;
  readonly errorIndex: (entry: RuntimeErrorEntry) => number;
}

/** Numbers values by identity, for keys. */
const ids = new WeakMap<Var, number>();
let nextId = 0;
export const memoKey = (v: Var, at: readonly Index[]): string => {
  let id = ids.get(v);
  if (id === undefined) {
    id = nextId++;
    ids.set(v, id);
  }
  return `@${id}[${pointKey(at)}]`;
};

/** An axis of extent 1 has one index, however it was come by. */
const canonical = (v: Var, at: readonly Index[]): readonly Index[] => {
  const { shape } = v.type;
  return at.some((i, d) => shape[d] === 1 && constantOf(i) !== 0)
    ? at.map((i, d) => (shape[d] === 1 ? constIndex(0) : i))
    : at;
};

export const valueAt = (c: ValueContext, v: Var, anyPoint: readonly Index[]): ValueId => {
  const { graph, e } = c;
  const at = canonical(v, anyPoint);
  if (graph.paramOf.has(v) || graph.nodeOf.has(v)) return c.read(v, at);
  const key = memoKey(v, at);
  const known = e.recall(key);
  if (known !== null) return known;
  const eqn = graph.defs.get(v) ?? internal("a value has no definition");
  const id = inlineAt(c, eqn, at);
  e.remember(key, id);
  return id;
};

/** f32 constants hold what an f32 can. */
const storable = (value: number, dtype: DType): number => {
  switch (dtype) {
    case "f32":
      return Math.fround(value);
    case "f64":
      return value;
    case "i32":
      return value | 0;
    case "u32":
      return value >>> 0;
    case "bool":
      return Number(value !== 0);
    default: {
      const never: never = dtype;
      return internal(`no constant of ${never}`);
    }
  }
};

/** The equation's result at a point, whether or not it is a node. */
export const inlineAt = (c: ValueContext, eqn: Eqn, at: readonly Index[]): ValueId => {
  const { e } = c;
  if (isControl(eqn)) return internal(`${eqn.op} can't be inlined`);
  const out = eqn.outs[0].type;
  const first = (): Var => operand(eqn.inputs, 0);
  switch (eqn.op) {
    case "const":
      return e.constant(out.dtype, storable(eqn.params.value, out.dtype));
    case "literal": {
      const position = flatIndex(at, out.shape);
      const k = constantOf(position);
      if (k !== null) return e.constant(out.dtype, storable(eqn.params.data[k] ?? 0, out.dtype));
      return e.load(c.literal(eqn), position, out.dtype);
    }
    case "iota": {
      const i = at[eqn.params.axis] ?? internal("iota without its axis");
      const k = constantOf(i);
      return k === null
        ? fromI32(c, e.indexValue(i), out.dtype)
        : e.constant(out.dtype, storable(k, out.dtype));
    }
    case "cast":
      return castAt(c, valueAt(c, first(), at), first().type.dtype, out.dtype, eqn.span);
    case "bitcast": {
      const v = valueAt(c, first(), at);
      return first().type.dtype === out.dtype ? v : e.op("bitcast", out.dtype, [v]);
    }
    case "threefry":
      return e.op(
        "threefry",
        "u32",
        eqn.inputs.map((y) => valueAt(c, y, at)),
        eqn.params.lane,
      );
    case "stopGradient":
    case "barrier":
    case "name":
      return valueAt(c, first(), at);
    case "check": {
      const cond = valueAt(c, first(), at);
      const { code, message } = eqn.params;
      const [detail, ...values] = eqn.inputs.slice(1).map((x) => valueAt(c, x, at));
      e.check(cond, c.errorIndex({ code, message, span: eqn.span }), detail ?? null, values);
      return cond;
    }
    case "broadcast": {
      const { dims } = eqn.params;
      const source = first().type.shape.map((n, k) => (n === 1 ? constIndex(0) : pick(at, dims[k] ?? -1)));
      return valueAt(c, first(), source);
    }
    case "transpose": {
      const source: Index[] = new Array(at.length);
      eqn.params.perm.forEach((p, k) => {
        source[p] = pick(at, k);
      });
      return valueAt(c, first(), source);
    }
    case "slice": {
      const { start, stride } = eqn.params;
      return valueAt(
        c,
        first(),
        at.map((i, d) => shiftIndex(scaleIndex(i, dim(stride, d)), dim(start, d))),
      );
    }
    case "reverse": {
      const { axes } = eqn.params;
      const flip = (i: Index, d: number): Index =>
        axes.includes(d) ? shiftIndex(scaleIndex(i, -1), dim(out.shape, d) - 1) : i;
      return valueAt(c, first(), at.map(flip));
    }
    case "reshape":
      return reshapeAt(c, first(), out.shape, at);
    case "pad":
      return padAt(c, first(), operand(eqn.inputs, 1), eqn.params, at);
    case "concat":
      return concatAt(c, eqn.inputs, eqn.params.axis, at);
    case "gather":
      return gatherAt(c, first(), operand(eqn.inputs, 1), eqn.params, at, eqn.span);
    case "dynamicSlice": {
      const { shape } = first().type;
      const starts = startsOf(c, eqn, eqn.inputs.slice(1), shape, eqn.params.sizes);
      return valueAt(
        c,
        first(),
        at.map((i, d) => addIndex(i, pick(starts, d))),
      );
    }
    case "reduceSum":
    case "reduceProd":
    case "reduceMax":
    case "reduceMin":
    case "argmax":
    case "argmin":
    case "scatterAdd":
    case "dynamicUpdate":
    case "dot":
      return internal(`${eqn.op} can't be inlined`);
    default:
      return e.op(
        eqn.op,
        out.dtype,
        eqn.inputs.map((y) => valueAt(c, y, at)),
      );
  }
};

const pick = (at: readonly Index[], d: number): Index => at[d] ?? internal(`a point has no axis ${d}`);

/** Where a block of `sizes` starts: checked, or clamped so that it fits. */
export const startsOf = (
  c: ValueContext,
  { params: { mode }, span }: Extract<Eqn, { op: "dynamicSlice" | "dynamicUpdate" }>,
  starts: readonly Var[],
  shape: readonly number[],
  sizes: readonly number[],
): readonly Index[] =>
  starts.map((s, d) => {
    const [n, count] = [dim(shape, d), dim(sizes, d)];
    if (n === UNBOUNDED) return dynamicIndex(c, valueAt(c, s, []));
    if (mode === "clamp" && n === count) return constIndex(0);
    return indexWithin(c, valueAt(c, s, []), n - count, mode, span, () =>
      count === 1 ? outOfRange(d, n) : `a block of ${count} at {} does not fit axis ${d} of size ${n}`,
    );
  });

const outOfRange = (axis: number, size: number): string =>
  `index {} is out of range for axis ${axis} of size ${size}`;

/** The operand's index behind a gather or a scatter. */
export const gatheredIndex = (
  c: ValueContext,
  index: ValueId,
  size: number,
  axis: number,
  mode: IndexMode,
  span: Span | null,
): Index => indexWithin(c, index, size - 1, size === 0 ? "check" : mode, span, () => outOfRange(axis, size));

/** A run-time index forced into [0, last], checked to lie there, or known to. */
const indexWithin = (
  c: ValueContext,
  index: ValueId,
  last: number,
  mode: IndexMode,
  span: Span | null,
  message: () => string,
): Index => {
  const { e } = c;
  const i = dynamicIndex(c, index);
  if (mode === "clamp") return e.clamp(i, 0, last);
  if (i.lo >= 0 && i.hi <= last) return i;
  const within = { ...i, lo: Math.max(0, i.lo), hi: Math.max(0, Math.min(i.hi, last)) };
  if (mode === "inside") return within;
  const error = c.errorIndex({ code: RANGE_CODE, message: message(), span });
  const v = e.indexValue(i);
  // 0 <= i <= last in one comparison: a negative index is a large unsigned number
  const inside =
    i.lo >= 0
      ? e.op("le", "bool", [v, e.constant("i32", last)])
      : e.op("lt", "bool", [e.op("bitcast", "u32", [v]), e.constant("u32", last + 1)]);
  e.check(inside, error, v);
  return within;
};

/** An i32 register as an index of any range. */
export const dynamicIndex = (c: ValueContext, v: ValueId): Index => {
  const known = c.e.indexOf(v);
  if (known !== null) return known;
  const k = c.e.constantOf(v);
  if (k !== null) return constIndex(k);
  return {
    offset: 0,
    terms: [],
    dynamic: [{ value: v, stride: 1 }],
    lo: -(2 ** 31),
    hi: 2 ** 31 - 1,
    key: `v${v}`,
  };
};

const fromI32 = (c: ValueContext, v: ValueId, dtype: DType): ValueId =>
  dtype === "i32" ? v : c.e.op("convert", dtype, [v]);

/** Conversion as `cast` means it: float to integer fails on NaN and where the truncated value does not fit. */
const castAt = (c: ValueContext, v: ValueId, from: DType, to: DType, span: Span | null): ValueId => {
  const { e } = c;
  if (from === to) return v;
  if (isFloat(from) && isInt(to)) {
    // trunc(x) fits where low < x < high; an f32 next to -2^31 is 256 away, so there the bound itself is the least
    const inside =
      to === "u32"
        ? e.op("gt", "bool", [v, e.constant(from, -1)])
        : from === "f32"
          ? e.op("ge", "bool", [v, e.constant(from, -(2 ** 31))])
          : e.op("gt", "bool", [v, e.constant(from, -(2 ** 31) - 1)]);
    const below = e.op("lt", "bool", [v, e.constant(from, to === "u32" ? 2 ** 32 : 2 ** 31)]);
    const message = `an ${from} value is NaN or does not fit ${to}`;
    e.check(e.op("and", "bool", [inside, below]), c.errorIndex({ code: RANGE_CODE, message, span }), null);
  }
  return e.op("convert", to, [v]);
};

/** Through a reshape: point by point where the axes split evenly, else by position where memory allows it. */
const reshapeAt = (c: ValueContext, x: Var, shape: readonly number[], at: readonly Index[]): ValueId => {
  const exact = reshapePoint(c.e, at, shape, x.type.shape, true);
  if (exact !== null) return valueAt(c, x, exact);
  const base = flatBase(c.graph, x);
  if (base !== null) return c.readFlat(base, flatIndex(at, shape));
  const point = reshapePoint(c.e, at, shape, x.type.shape, false);
  return valueAt(
    c,
    x,
    point ?? internal(`no point of [${x.type.shape.join(",")}] (${sizeOf(shape)} elements)`),
  );
};

/** The parameter or node that a chain of reshapes starts at. */
const flatBase = (graph: Definitions, v: Var): Var | null => {
  let base = v;
  for (;;) {
    if (graph.paramOf.has(base) || graph.nodeOf.has(base)) return base;
    const eqn = graph.defs.get(base);
    if (eqn?.op !== "reshape") return null;
    base = operand(eqn.inputs, 0);
  }
};
