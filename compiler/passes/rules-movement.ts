/**
 * Local rewrites of ops that move elements: each is folded into its operand where one op can do the work of two, and
 * dropped where it moves nothing. A splat stays a splat whatever moves it.
 */
import {
  type IndexMode,
  type OpName,
  type OpParams,
  type Shape,
  sameShape,
  sizeOf,
  type TensorType,
  UNBOUNDED,
  type Var,
} from "../ir/types.js";
import { type Rewriter, type Rule, type RuleTable, rule1, ruleWith } from "./rewrite.js";

const get = (list: readonly number[], k: number): number => list[k] ?? 0;
const isRange = (list: readonly number[]): boolean => list.every((n, k) => n === k);
const isZero = (list: readonly number[]): boolean => list.every((n) => n === 0);

const ofSplat: Rule<OpName> = rule1("moving equal elements gives equal elements", (r, x, type) => {
  const value = r.splatOf(x);
  return value === null ? null : r.splat(value, type);
});

/** Where each axis of `from` is in `to`, if `to` only has more axes of size 1 (inserted anywhere). */
const insertedOnes = (from: Shape, to: Shape): readonly number[] | null => {
  const dims: number[] = [];
  to.forEach((d, k) => {
    const wanted = from[dims.length];
    if (wanted === d && (d !== 1 || to.length - k <= from.length - dims.length)) dims.push(k);
    else if (d !== 1) dims.push(Number.NaN);
  });
  return dims.length === from.length && !dims.some(Number.isNaN) ? dims : null;
};

const reshape: readonly Rule<"reshape">[] = [
  ofSplat,
  ruleWith("reshape to the same shape = x", (_r, x, { shape }) =>
    sameShape(x.type.shape, shape) ? x : null,
  ),
  ruleWith("reshape(reshape(x)) = reshape(x)", (r, x, params) => {
    const [y] = r.match(x, "reshape")?.inputs ?? [];
    return y === undefined ? null : r.emit("reshape", [y], params);
  }),
];

const transpose: readonly Rule<"transpose">[] = [
  ofSplat,
  ruleWith("transpose by the identity = x", (_r, x, { perm }) => (isRange(perm) ? x : null)),
  ruleWith("transpose(transpose(x)) = transpose(x)", (r, x, { perm }) => {
    const inner = r.match(x, "transpose");
    const y = inner?.inputs[0];
    if (inner === null || y === undefined) return null;
    return r.emit("transpose", [y], { perm: perm.map((p) => get(inner.params.perm, p)) });
  }),
  ruleWith("transpose that moves axes of size 1 only = reshape", (r, x, { perm }, type) => {
    const moved = perm.filter((p) => x.type.shape[p] !== 1);
    const inOrder = moved.every((p, k) => k === 0 || p > get(moved, k - 1));
    return inOrder ? r.emit("reshape", [x], { shape: type.shape }) : null;
  }),
];

const broadcast: readonly Rule<"broadcast">[] = [
  ofSplat,
  ruleWith("broadcast to the same shape = x", (_r, x, { shape }) =>
    sameShape(x.type.shape, shape) ? x : null,
  ),
  ruleWith("broadcast(broadcast(x)) = broadcast(x)", (r, x, { shape, dims }) => {
    const inner = r.match(x, "broadcast");
    const y = inner?.inputs[0];
    if (inner === null || y === undefined) return null;
    return r.emit("broadcast", [y], { shape, dims: inner.params.dims.map((d) => get(dims, d)) });
  }),
  ruleWith(
    "broadcast(reshape(x)) = broadcast(x) if the reshape only adds axes of size 1",
    (r, x, { shape, dims }) => {
      const [y] = r.match(x, "reshape")?.inputs ?? [];
      const at = y === undefined ? null : insertedOnes(y.type.shape, x.type.shape);
      if (y === undefined || at === null) return null;
      return r.emit("broadcast", [y], { shape, dims: at.map((d) => get(dims, d)) });
    },
  ),
  ruleWith("broadcast that only adds axes of size 1 = reshape", (r, x, { shape }) =>
    sizeOf(x.type.shape) === sizeOf(shape) && sizeOf(shape) > 0 ? r.emit("reshape", [x], { shape }) : null,
  ),
];

type Slice = OpParams["slice"];
const isWhole = (x: Var, { start, stride }: Slice, type: TensorType): boolean =>
  isZero(start) &&
  sameShape(x.type.shape, type.shape) &&
  stride.every((s, k) => s === 1 || get(type.shape, k) <= 1);

/** Which operand of a concat holds the whole slice, and where it begins there. */
const sliceOfConcat: Rule<"slice"> = ruleWith("slice(concat(x, y)) = slice(x)", (r, x, params) => {
  const inner = r.match(x, "concat");
  if (inner === null) return null;
  const { axis } = inner.params;
  let first = 0;
  for (const part of inner.inputs) {
    const end = first + get(part.type.shape, axis);
    if (get(params.start, axis) >= first && get(params.limit, axis) <= end) {
      const moved = (list: readonly number[]) => list.map((n, k) => (k === axis ? n - first : n));
      return r.emit("slice", [part], { ...params, start: moved(params.start), limit: moved(params.limit) });
    }
    first = end;
  }
  return null;
});

const slice: readonly Rule<"slice">[] = [
  ofSplat,
  ruleWith("slice of everything = x", (_r, x, params, type) => (isWhole(x, params, type) ? x : null)),
  // element i of the result is element start' + (start + i stride) stride' of the operand
  ruleWith("slice(slice(x)) = slice(x)", (r, x, { start, stride }, type) => {
    const inner = r.match(x, "slice");
    const y = inner?.inputs[0];
    if (inner === null || y === undefined || sizeOf(type.shape) === 0) return null;
    const { start: s, stride: t } = inner.params;
    const from = start.map((n, k) => get(s, k) + n * get(t, k));
    const step = stride.map((n, k) => n * get(t, k));
    const limit = from.map((n, k) => n + (get(type.shape, k) - 1) * get(step, k) + 1);
    return r.emit("slice", [y], { start: from, limit, stride: step });
  }),
  sliceOfConcat,
];

const pad: readonly Rule<"pad">[] = [
  ruleWith("pad with nothing = x", (_r, x, _params, type) =>
    sameShape(x.type.shape, type.shape) ? x : null,
  ),
  ruleWith("pad of a splat with its own value is a splat", (r, x, _params, type, [, value]) => {
    const element = r.splatOf(x);
    if (element === null || value === undefined || !Object.is(element, r.splatOf(value))) return null;
    return r.splat(element, type);
  }),
  ruleWith("pad(pad(x, v), v) = pad(x, v), edges only", (r, x, outer, _type, [, value]) => {
    const inner = r.match(x, "pad");
    const [y, same] = inner?.inputs ?? [];
    if (inner === null || y === undefined || value === undefined || same === undefined) return null;
    const equal =
      same === value || (r.splatOf(value) !== null && Object.is(r.splatOf(value), r.splatOf(same)));
    if (!equal || !isZero(outer.interior)) return null;
    const sum = (p: readonly number[], q: readonly number[]) => p.map((n, k) => n + get(q, k));
    const { low, high, interior } = inner.params;
    return r.emit("pad", [y, value], { low: sum(low, outer.low), high: sum(high, outer.high), interior });
  }),
];

const concat: readonly Rule<"concat">[] = [
  ruleWith("concat of one = x", (_r, x, _params, _type, inputs) => (inputs.length === 1 ? x : null)),
  ruleWith("parts without elements drop out", (r, _x, params, _type, inputs) => {
    const parts = inputs.filter((v) => sizeOf(v.type.shape) > 0);
    return parts.length === inputs.length || parts.length === 0 ? null : r.emit("concat", parts, params);
  }),
  ruleWith("concat of equal splats is a splat", (r, x, _params, type, inputs) => {
    const value = r.splatOf(x);
    return value !== null && inputs.every((v) => Object.is(r.splatOf(v), value))
      ? r.splat(value, type)
      : null;
  }),
];

const reverse: readonly Rule<"reverse">[] = [
  ofSplat,
  ruleWith("axes of size 1 are their own reverse", (r, x, { axes }) => {
    const long = axes.filter((k) => get(x.type.shape, k) > 1);
    if (long.length === 0) return x;
    return long.length === axes.length ? null : r.emit("reverse", [x], { axes: long });
  }),
  ruleWith("reverse(reverse(x)) = x on the axes of both", (r, x, { axes }) => {
    const inner = r.match(x, "reverse");
    const y = inner?.inputs[0];
    if (inner === null || y === undefined) return null;
    const once = [...axes, ...inner.params.axes].filter(
      (k) => axes.includes(k) !== inner.params.axes.includes(k),
    );
    return r.emit("reverse", [y], { axes: once });
  }),
];

/** The starts of a block as numbers, moved so that the block fits; null if one is not known. */
const knownStarts = (
  r: Rewriter,
  starts: readonly Var[],
  shape: Shape,
  sizes: Shape,
  mode: IndexMode,
): readonly number[] | null => {
  if (shape[0] === UNBOUNDED) return null;
  const known = starts.map((v) => r.splatOf(v));
  if (!known.every((n) => n !== null)) return null;
  const fits = known.every((n, k) => n >= 0 && n <= get(shape, k) - get(sizes, k));
  if (mode === "check" && !fits) return null;
  return known.map((n, k) => Math.min(Math.max(n, 0), get(shape, k) - get(sizes, k)));
};
/** Whether two places are equal; null where that is not known. */
const samePlace = (r: Rewriter, a: readonly Var[], b: readonly Var[]): boolean | null => {
  const same = a.map((v, k) => {
    const [w, m] = [b[k], r.splatOf(v)];
    const n = w === undefined ? null : r.splatOf(w);
    return v === w ? true : m === null || n === null ? null : m === n;
  });
  return same.includes(false) ? false : same.includes(null) ? null : true;
};
const dynamicSlice: readonly Rule<"dynamicSlice">[] = [
  ruleWith("a row of an array without end = what was written there", (r, x, _params, type, [, ...starts]) => {
    const [rows, ...row] = x.type.shape;
    if (rows !== UNBOUNDED) return null;
    // blocks that lie side by side or are the same: whole rows, and single elements
    const axes = sameShape(row, type.shape.slice(1)) ? 1 : sizeOf(type.shape) === 1 ? starts.length : 0;
    let tape = x;
    for (;;) {
      if (r.splatOf(tape) !== null) return r.splat(0, type);
      const [before, update, ...places] = r.match(tape, "dynamicUpdate")?.inputs ?? [];
      const alike = axes > 0 && update !== undefined && sameShape(update.type.shape, type.shape);
      const same = alike ? samePlace(r, starts.slice(0, axes), places) : null;
      if (same === true && update !== undefined) return update;
      // not a read of the older array: it would have to outlive the writes
      if (same !== false || before === undefined) return null;
      tape = before;
    }
  }),
  ruleWith("a block of everything = x", (_r, x, { sizes, mode }) =>
    mode === "clamp" && sameShape(x.type.shape, sizes) ? x : null,
  ),
  ruleWith("a block at known starts is a slice", (r, x, { sizes, mode }, _type, [, ...starts]) => {
    const start = knownStarts(r, starts, x.type.shape, sizes, mode);
    if (start === null) return null;
    const limit = start.map((n, k) => n + get(sizes, k));
    return r.emit("slice", [x], { start, limit, stride: sizes.map(() => 1) });
  }),
];
const dynamicUpdate: readonly Rule<"dynamicUpdate">[] = [
  ruleWith("a checked block that fits need not be checked", (r, x, { mode }, _type, inputs) => {
    const [, update, ...starts] = inputs;
    if (mode !== "check" || update === undefined) return null;
    const known = knownStarts(r, starts, x.type.shape, update.type.shape, mode);
    return known === null ? null : r.emit("dynamicUpdate", inputs, { mode: "clamp" });
  }),
  ruleWith("replacing everything = the update", (_r, x, { mode }, _type, [, update]) =>
    mode === "clamp" && update !== undefined && sameShape(x.type.shape, update.type.shape) ? update : null,
  ),
  ruleWith("replacing nothing = x", (_r, x, { mode }, _type, [, update]) =>
    mode === "clamp" && update !== undefined && sizeOf(update.type.shape) === 0 ? x : null,
  ),
];

type MovementOp =
  | "reshape"
  | "transpose"
  | "broadcast"
  | "slice"
  | "pad"
  | "concat"
  | "reverse"
  | "dynamicSlice"
  | "dynamicUpdate";

export const movementRules: Pick<RuleTable, MovementOp> = {
  reshape,
  transpose,
  broadcast,
  slice,
  pad,
  concat,
  reverse,
  dynamicSlice,
  dynamicUpdate,
};
