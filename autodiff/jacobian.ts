/** Jacobians as one batched pass: all columns by forward mode, or all rows by reverse mode. */
import { fail } from "../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import {
  type IrFunction,
  isFloat,
  sizeOf,
  type TensorType,
  typeText,
  type Var,
} from "../compiler/ir/types.js";
import { checkActive, jvpFunction } from "./jvp.js";
import { materialise } from "./transpose.js";
import { vjpInto } from "./vjp.js";
import { vmapInto } from "./vmap.js";

/** The entries of one side of a Jacobian, laid end to end. */
interface Side {
  readonly types: readonly TensorType[];
  readonly offsets: readonly number[];
  readonly size: number;
}

const sideOf = (vars: readonly Var[]): Side => {
  const offsets: number[] = [];
  let size = 0;
  for (const v of vars) {
    offsets.push(size);
    size += sizeOf(v.type.shape);
  }
  return { types: vars.map((v) => v.type), offsets, size };
};

/**
 * The standard basis of a side, one [size, ...shape] for each entry: e[k, i] = 1 where k = offset + i. A side of one number
 * has no batch: 1.
 */
const basisOf = (b: Builder, { types, offsets, size }: Side): readonly Var[] =>
  types.map(({ dtype, shape }, k) => {
    if (size === 1) return b.splat(1, { dtype, shape });
    const n = sizeOf(shape);
    const flat = { shape: [size, n], dtype: "i32" } as const;
    const row = b.emit("iota", [], { ...flat, axis: 0 });
    const column = b.emit("iota", [], { ...flat, axis: 1 });
    const isOne = b.eq(row, b.add(column, b.fill(column, offsets[k] ?? 0)));
    return b.reshape(b.cast(isOne, dtype), [size, ...shape]);
  });

/** `f` of arguments of which the last, one for each entry of `side`, are its basis: over the batch, or once. */
const overBasis = (b: Builder, f: IrFunction, args: readonly Var[], side: Side): readonly Var[] => {
  const all = [...args, ...basisOf(b, side)];
  if (side.size === 1) return b.inline(f, all).map((v) => b.reshape(v, [1, ...v.type.shape]));
  return vmapInto(
    b,
    f,
    all,
    all.map((_, k) => k >= args.length),
    side.size,
  );
};

/** Rows offset..offset + size of x: [n, ...shape] of one entry of the batched side. */
const rowsOf = (b: Builder, x: Var, side: Side, k: number): Var => {
  const start = side.offsets[k] ?? 0;
  const count = sizeOf(side.types[k]?.shape ?? []);
  if (count === side.size) return x;
  const rest = x.type.shape.slice(1);
  return b.emit("slice", [x], {
    start: [start, ...rest.map(() => 0)],
    limit: [start + count, ...rest],
    stride: x.type.shape.map(() => 1),
  });
};

const requireFloats = (fn: IrFunction, count: number, kind: string): void => {
  for (const v of fn.results.slice(0, count))
    if (!isFloat(v.type.dtype))
      fail("TSJ3001", "type", `${kind} needs float results, this function gives ${typeText(v.type)}`, {
        span: fn.body.find((eqn) => eqn.outs.includes(v))?.span ?? null,
        hint: "cast the result to f32 or f64; integers and booleans have no derivative",
      });
};

/**
 * Params as `fn`, all floats. Results: those of `fn`, then for each but the last `aux` results, for each param, the Jacobian
 * [...result's shape, ...param's shape] with entries d result / d param, in the result's dtype. `kind` is what messages call it.
 */
export const jacfwdFunction = (fn: IrFunction, aux = 0, kind = "jacfwd"): IrFunction => {
  const active = fn.params.map(() => true);
  checkActive(fn, active);
  const count = fn.results.length - aux;
  requireFloats(fn, count, kind);
  const b = createBuilder();
  const args = fn.params.map((p) => b.param(p.type));
  const outs = b.inline(fn, args);
  const side = sideOf(fn.params);
  const { fn: jvp, tangentOuts } = jvpFunction(fn, active);
  let next = fn.results.length;
  const tangents = tangentOuts.map((has) => (has ? jvp.results[next++] : undefined)).slice(0, count);
  const columns: IrFunction = { ...jvp, results: tangents.filter((t) => t !== undefined) };
  const batched = side.size === 0 ? [] : overBasis(b, columns, args, side);
  let at = 0;
  const blocks = tangents.flatMap((tangent, r) => {
    const { dtype, shape = [] } = fn.results[r]?.type ?? {};
    const x = tangent === undefined ? undefined : batched[at++];
    return side.types.map((p, k) => {
      const type = { dtype: dtype ?? p.dtype, shape: [...shape, ...p.shape] };
      if (x === undefined) return b.splat(0, type);
      // [n, ...shape] to [...shape, n]
      const last = b.transpose(rowsOf(b, x, side, k), [...shape.map((_, i) => i + 1), 0]);
      return b.reshape(last, type.shape);
    });
  });
  return b.finish(`${fn.name}.jacfwd`, [...outs, ...blocks]);
};

/** As `jacfwdFunction`, by reverse mode: one batched pass over the results' entries, in the params' dtypes. */
export const jacrevFunction = (fn: IrFunction, aux = 0, kind = "jacrev"): IrFunction => {
  const active = fn.params.map(() => true);
  checkActive(fn, active);
  const count = fn.results.length - aux;
  requireFloats(fn, count, kind);
  const b = createBuilder();
  const args = fn.params.map((p) => b.param(p.type));
  const outs = b.inline(fn, args);
  const side = sideOf(fn.results.slice(0, count));
  const inner = createBuilder();
  const given = fn.params.map((p) => inner.param(p.type));
  const cts = fn.results.map((v, k) => (k < count ? inner.param(v.type) : null));
  const { grads } = vjpInto(inner, fn, active, given, cts);
  const rows = inner.finish(`${fn.name}.vjp`, materialise(inner, fn.params, grads));
  const batched = side.size === 0 ? [] : overBasis(b, rows, args, side);
  const blocks = side.types.flatMap(({ shape }, r) =>
    fn.params.map((p, k) => {
      const x = batched[k];
      const type = { dtype: p.type.dtype, shape: [...shape, ...p.type.shape] };
      return x === undefined ? b.splat(0, type) : b.reshape(rowsOf(b, x, side, r), type.shape);
    }),
  );
  return b.finish(`${fn.name}.jacrev`, [...outs, ...blocks]);
};
