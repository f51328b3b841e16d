/** For every op a way to make a random equation of it from a program's values; null if no value fits. */
import {
  BINARY_OPS,
  type BinaryOp,
  type DType,
  isFloat,
  isInt,
  type OpName,
  type ReduceOp,
  type Shape,
  sizeOf,
  type TensorType,
  UNARY_OPS,
  type UnaryOp,
  type Var,
} from "../../compiler/ir/types.js";
import { type Context, MAX_ELEMENTS } from "./random-ir.js";

type Decoder = (c: Context) => Var | null;

const float = (t: TensorType): boolean => isFloat(t.dtype);
const integer = (t: TensorType): boolean => isInt(t.dtype);
const logical = (t: TensorType): boolean => isInt(t.dtype) || t.dtype === "bool";
const numeric = (t: TensorType): boolean => t.dtype !== "bool";
const rankOver0 = (t: TensorType): boolean => t.shape.length > 0;
const range = (n: number): readonly number[] => Array.from({ length: n }, (_, k) => k);

/** 1 + x^2 */
const positive = (c: Context, x: Var): Var => c.b.add(c.b.mul(x, x), c.b.onesLike(x));
/** 0.9 tanh(x) */
const inside = (c: Context, x: Var): Var => c.b.mul(c.b.tanh(x), c.b.fill(x, 0.9));

type Tame = (c: Context, x: Var) => Var;
const asItIs: Tame = (_c, x) => x;
const UNARY: { readonly [K in UnaryOp]: readonly [fits: (t: TensorType) => boolean, tame: Tame] } = {
  neg: [numeric, asItIs],
  abs: [numeric, asItIs],
  sign: [numeric, asItIs],
  floor: [float, asItIs],
  ceil: [float, asItIs],
  trunc: [float, asItIs],
  round: [float, asItIs],
  rint: [float, asItIs],
  sqrt: [float, positive],
  cbrt: [float, positive],
  exp: [float, inside],
  exp2: [float, inside],
  expm1: [float, inside],
  log: [float, positive],
  log1p: [float, inside],
  log2: [float, positive],
  log10: [float, positive],
  sin: [float, asItIs],
  cos: [float, asItIs],
  tan: [float, inside],
  asin: [float, inside],
  acos: [float, inside],
  atan: [float, asItIs],
  sinh: [float, inside],
  cosh: [float, inside],
  tanh: [float, asItIs],
  asinh: [float, asItIs],
  acosh: [float, (c, x) => c.b.add(positive(c, x), c.b.onesLike(x))],
  atanh: [float, inside],
  erf: [float, asItIs],
  erfc: [float, inside],
  ndtr: [float, inside],
  gelu: [float, inside],
  sigmoid: [float, inside],
  lgamma: [float, positive],
  not: [logical, asItIs],
  clz32: [integer, asItIs],
  toInt32: [numeric, asItIs],
  stopGradient: [() => true, asItIs],
  barrier: [() => true, asItIs],
};

const sine: Tame = (c, x) => (isFloat(x.type.dtype) ? c.b.sin(x) : x);
const away: Tame = (c, x) => (isFloat(x.type.dtype) ? positive(c, x) : x);
const BINARY: {
  readonly [K in BinaryOp]: readonly [fits: (t: TensorType) => boolean, tameX: Tame, tameY: Tame];
} = {
  add: [numeric, asItIs, asItIs],
  sub: [numeric, asItIs, asItIs],
  mul: [numeric, asItIs, sine],
  div: [numeric, asItIs, away],
  rem: [numeric, asItIs, away],
  pow: [float, positive, inside],
  atan2: [float, asItIs, positive],
  min: [numeric, asItIs, asItIs],
  max: [numeric, asItIs, asItIs],
  and: [logical, asItIs, asItIs],
  or: [logical, asItIs, asItIs],
  xor: [logical, asItIs, asItIs],
  shl: [integer, asItIs, asItIs],
  shr: [integer, asItIs, asItIs],
  ushr: [integer, asItIs, asItIs],
  eq: [() => true, asItIs, asItIs],
  ne: [() => true, asItIs, asItIs],
  lt: [numeric, asItIs, asItIs],
  le: [numeric, asItIs, asItIs],
  gt: [numeric, asItIs, asItIs],
  ge: [numeric, asItIs, asItIs],
};

const unary =
  (op: UnaryOp): Decoder =>
  (c) => {
    const [fits, tame] = UNARY[op];
    const x = c.value(fits);
    return x === null ? null : c.b[op](c.tame ? tame(c, x) : x);
  };

const binary =
  (op: BinaryOp): Decoder =>
  (c) => {
    const [fits, tameX, tameY] = BINARY[op];
    const x = c.value(fits);
    if (x === null) return null;
    const [p, q] = c.int(2) === 0 ? [x, c.partner(x)] : [c.partner(x), x];
    return c.b[op](c.tame ? tameX(c, p) : p, c.tame ? tameY(c, q) : q);
  };

const someAxes = (c: Context, rank: number): readonly number[] => range(rank).filter(() => c.int(2) === 0);

const reduce =
  (op: ReduceOp): Decoder =>
  (c) => {
    const x = c.value(op === "reduceMax" || op === "reduceMin" ? () => true : numeric);
    if (x === null) return null;
    // products of values near 1 stay small
    const near1 = c.tame && op === "reduceProd" && isFloat(x.type.dtype);
    const operand = near1 ? c.b.add(c.b.mul(c.b.sin(x), c.b.fill(x, 0.5)), c.b.onesLike(x)) : x;
    return c.b.emit(op, [operand], { axes: someAxes(c, x.type.shape.length) });
  };

const arg =
  (op: "argmax" | "argmin"): Decoder =>
  (c) => {
    const x = c.value((t) => numeric(t) && rankOver0(t));
    return x === null ? null : c.b.emit(op, [x], { axis: c.int(x.type.shape.length) });
  };

const shuffled = (c: Context, n: number): readonly number[] => {
  const left = [...range(n)];
  return range(n).map(() => left.splice(c.int(left.length), 1)[0] ?? 0);
};

/** A shape with as many elements. */
const regrouped = (c: Context, shape: Shape): Shape => {
  const size = sizeOf(shape);
  const split = [1, 2, 3, 4].filter((d) => size % d === 0);
  const first = c.pick(split) ?? 1;
  return (
    c.pick([[size], [1, ...shape], shape.filter((d) => d !== 1), [first, size / first], [...shape, 1]]) ??
    shape
  );
};

const spread = (c: Context, x: Var): Var | null => {
  const dims: number[] = [];
  const shape: number[] = [];
  for (const d of x.type.shape) {
    if (shape.length < 3 && c.int(2) === 0) shape.push(c.int(4));
    dims.push(shape.length);
    shape.push(d === 1 ? c.int(4) : d);
  }
  if (shape.length < 3) shape.push(c.int(3) + 1);
  return sizeOf(shape) > MAX_ELEMENTS ? null : c.b.emit("broadcast", [x], { shape, dims });
};

/** i32 indices in [0, limit), as a literal or from the program (then clamped by the op). */
const indicesFor = (c: Context, prefix: Shape, limit: number) => {
  const shape = [...prefix, ...(c.pick([[], [2], [3]]) ?? [])];
  const known = c.value((t) => t.dtype === "i32" && t.shape.length >= prefix.length);
  if (known !== null && prefix.every((d, k) => known.type.shape[k] === d) && c.int(2) === 0) {
    return { indices: known, mode: "clamp" } as const;
  }
  const data = range(sizeOf(shape)).map(() => c.int(limit));
  const indices = c.b.emit("literal", [], { data, dtype: "i32", shape });
  return { indices, mode: limit > 0 && c.int(2) === 0 ? "check" : "clamp" } as const;
};

const gatherParts = (c: Context, fits: (t: TensorType) => boolean) => {
  const x = c.value((t) => fits(t) && rankOver0(t));
  if (x === null) return null;
  const axis = c.int(x.type.shape.length);
  const batch = c.int(3) === 0 ? axis : 0;
  const { indices, mode } = indicesFor(c, x.type.shape.slice(0, batch), x.type.shape[axis] ?? 0);
  return { x, indices, params: { axis, batch, mode } };
};

const starts = (c: Context, rank: number): readonly Var[] =>
  range(rank).map(() => {
    const known = c.value((t) => t.dtype === "i32" && t.shape.length === 0);
    return known !== null && c.int(2) === 0 ? known : c.b.scalar(c.int(6) - 1, "i32");
  });

const mode = (c: Context) => (c.int(4) === 0 ? "check" : "clamp");

const dot: Decoder = (c) => {
  const x = c.value(numeric);
  if (x === null) return null;
  const y = c.value((t) => t.dtype === x.type.dtype) ?? x;
  const free = new Set(range(y.type.shape.length));
  const lhs: number[] = [];
  const rhs: number[] = [];
  x.type.shape.forEach((d, k) => {
    const j = [...free].find((i) => y.type.shape[i] === d);
    if (j === undefined || c.int(3) === 0) return;
    free.delete(j);
    lhs.push(k);
    rhs.push(j);
  });
  const nBatch = c.int(lhs.length + 1);
  const left = x.type.shape.filter((_, k) => !lhs.includes(k));
  const right = [...free].map((k) => y.type.shape[k] ?? 0);
  if (sizeOf([...left, ...right]) > MAX_ELEMENTS) return null;
  return c.b.emit("dot", [x, c.tame ? sine(c, y) : y], {
    lhsBatch: lhs.slice(0, nBatch),
    rhsBatch: rhs.slice(0, nBatch),
    lhsContract: lhs.slice(nBatch),
    rhsContract: rhs.slice(nBatch),
  });
};

/** A float made an integer within range, or a cast of anything else. */
const cast: Decoder = (c) => {
  const x = c.value();
  const dtype = c.pick<DType>(["f32", "f64", "i32", "u32", "bool"]);
  if (x === null || dtype === null) return null;
  if (!isFloat(x.type.dtype) || !isInt(dtype)) return c.b.emit("cast", [x], { dtype });
  const size = c.b.abs(x);
  const small = c.b.select(c.b.lt(size, c.b.fill(x, 1000)), dtype === "u32" ? size : x, c.b.zerosLike(x));
  return c.b.cast(small, dtype);
};

const structural: { readonly [K in Exclude<OpName, UnaryOp | BinaryOp>]: Decoder } = {
  const: (c) => {
    const x = c.value();
    return x === null ? null : c.constant(x.type);
  },
  literal: (c) => {
    const data = range(c.int(4)).map(() => c.int(7) - 3);
    return c.b.emit("literal", [], {
      data,
      dtype: c.pick<DType>(["f32", "f64", "i32"]) ?? "f64",
      shape: [data.length],
    });
  },
  iota: (c) => {
    const shape = [c.int(4), c.int(3) + 1];
    return c.b.emit("iota", [], {
      dtype: c.pick<DType>(["i32", "f32", "f64"]) ?? "i32",
      shape,
      axis: c.int(2),
    });
  },
  select: (c) => {
    const cond = c.value((t) => t.dtype === "bool");
    if (cond === null) return null;
    const x = c.value((t) => t.shape.join() === cond.type.shape.join());
    return x === null ? null : c.b.select(cond, x, c.partner(x));
  },
  cast,
  // which NaN it is is not part of a value, so the bits of NaNs are not looked at
  bitcast: (c) => {
    const x = c.value((t) => ["f32", "i32", "u32"].includes(t.dtype));
    if (x === null) return null;
    const known = x.type.dtype === "f32" ? c.b.select(c.b.eq(x, x), x, c.b.zerosLike(x)) : x;
    return c.b.emit("bitcast", [known], { dtype: c.pick<DType>(["f32", "i32", "u32"]) ?? "i32" });
  },
  threefry: (c) => {
    const x = c.value((t) => t.dtype === "u32");
    if (x === null) return null;
    return c.b.emit("threefry", [x, c.partner(x), c.partner(x), c.partner(x)], {
      lane: c.int(2) === 0 ? 0 : 1,
    });
  },
  broadcast: (c) => {
    const x = c.value((t) => t.shape.length <= 2);
    return x === null ? null : spread(c, x);
  },
  reshape: (c) => {
    const x = c.value();
    return x === null ? null : c.b.emit("reshape", [x], { shape: regrouped(c, x.type.shape) });
  },
  transpose: (c) => {
    const x = c.value((t) => t.shape.length >= 2);
    return x === null ? null : c.b.emit("transpose", [x], { perm: shuffled(c, x.type.shape.length) });
  },
  slice: (c) => {
    const x = c.value(rankOver0);
    if (x === null) return null;
    const start = x.type.shape.map((d) => c.int(d + 1));
    const limit = x.type.shape.map((d, k) => d - c.int(d - (start[k] ?? 0) + 1));
    return c.b.emit("slice", [x], { start, limit, stride: x.type.shape.map(() => c.int(2) + 1) });
  },
  pad: (c) => {
    const x = c.value(rankOver0);
    if (x === null) return null;
    const some = (): readonly number[] => x.type.shape.map(() => c.int(3));
    const value = c.constant({ dtype: x.type.dtype, shape: [] });
    return c.b.emit("pad", [x, value], { low: some(), high: some(), interior: some() });
  },
  concat: (c) => {
    const x = c.value(rankOver0);
    if (x === null) return null;
    const axis = c.int(x.type.shape.length);
    return c.b.emit("concat", c.int(3) === 0 ? [x] : [x, c.partner(x), c.partner(x)], { axis });
  },
  reverse: (c) => {
    const x = c.value();
    return x === null ? null : c.b.emit("reverse", [x], { axes: someAxes(c, x.type.shape.length) });
  },
  reduceSum: reduce("reduceSum"),
  reduceProd: reduce("reduceProd"),
  reduceMax: reduce("reduceMax"),
  reduceMin: reduce("reduceMin"),
  argmax: arg("argmax"),
  argmin: arg("argmin"),
  gather: (c) => {
    const parts = gatherParts(c, () => true);
    return parts === null ? null : c.b.emit("gather", [parts.x, parts.indices], parts.params);
  },
  scatterAdd: (c) => {
    const parts = gatherParts(c, numeric);
    if (parts === null) return null;
    const taken = c.b.emit("gather", [parts.x, parts.indices], parts.params);
    return c.b.emit("scatterAdd", [parts.x, parts.indices, c.partner(taken)], parts.params);
  },
  dynamicSlice: (c) => {
    const x = c.value(rankOver0);
    if (x === null) return null;
    const sizes = x.type.shape.map((d) => d - c.int(d + 1));
    return c.b.emit("dynamicSlice", [x, ...starts(c, sizes.length)], { sizes, mode: mode(c) });
  },
  dynamicUpdate: (c) => {
    const x = c.value(rankOver0);
    if (x === null) return null;
    const block = c.b.emit("dynamicSlice", [x, ...starts(c, x.type.shape.length)], {
      sizes: x.type.shape.map((d) => d - c.int(d + 1)),
      mode: mode(c),
    });
    return c.b.emit("dynamicUpdate", [x, c.partner(block), ...starts(c, x.type.shape.length)], {
      mode: mode(c),
    });
  },
  check: (c) => {
    const cond = c.value((t) => t.dtype === "bool" && t.shape.length === 0);
    if (cond === null) return null;
    const usually = c.b.or(cond, c.b.scalar(c.int(4) === 0 ? 0 : 1, "bool"));
    const detail = c.value((t) => t.dtype === "i32" && t.shape.length === 0) ?? c.b.scalar(7, "i32");
    return c.b.emit("check", [usually, detail], { code: "TSJ6000", message: "{} is wrong" });
  },
  name: (c) => {
    const x = c.value();
    return x === null ? null : c.b.emit("name", [x], { name: c.int(2) === 0 ? "a" : "b" });
  },
  dot,
};

const plain = Object.fromEntries([
  ...UNARY_OPS.map((op) => [op, unary(op)] as const),
  ...BINARY_OPS.map((op) => [op, binary(op)] as const),
]) as { readonly [K in UnaryOp | BinaryOp]: Decoder };

/** A new equation of the op, with what it needs around it. */
export const decoders: { readonly [K in OpName]: Decoder } = { ...plain, ...structural };
