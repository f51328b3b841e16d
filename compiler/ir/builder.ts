/** The only way to make an equation: infers the result's type by the op's shape rule and stamps the current span. */
import { type Diagnostic, diagnostic, type Span, TscJitError } from "../diagnostics.js";
import { controlTable, opTable } from "../ops/index.js";
import { ShapeError } from "../ops/op.js";
import { describeLike, nameLike } from "./names.js";
import {
  type AnyOp,
  type AnyParams,
  BINARY_OPS,
  type BinaryOp,
  type ControlOp,
  type ControlParams,
  type DType,
  type Eqn,
  type IrFunction,
  isControlOp,
  isUnbounded,
  type OpName,
  type OpParams,
  type Shape,
  sameShape,
  type TensorType,
  typeText,
  UNARY_OPS,
  type UnaryOp,
  type Var,
} from "./types.js";

type UnaryMethods = { readonly [K in UnaryOp]: (x: Var) => Var };
type BinaryMethods = { readonly [K in BinaryOp]: (x: Var, y: Var) => Var };

export interface Builder extends UnaryMethods, BinaryMethods {
  /** Appends one equation. A shape rule's refusal becomes a diagnostic at the current span. */
  readonly emit: <K extends OpName>(op: K, inputs: readonly Var[], params: OpParams[K]) => Var;
  /** Appends one equation of any op, control ops included; all its results. */
  readonly emitAll: <K extends AnyOp>(op: K, inputs: readonly Var[], params: AnyParams[K]) => readonly Var[];
  /** Appends an equation again, with its op and params, on other operands (at the builder's span). */
  readonly append: (eqn: Eqn, inputs: readonly Var[]) => readonly Var[];
  /** A new parameter of the function being built; `like`: the one whose place it takes. */
  readonly param: (type: TensorType, like?: Var) => Var;
  /** Runs `f` with equations stamped `span` (null keeps the enclosing one). */
  readonly at: <T>(span: Span | null, f: () => T) => T;
  readonly span: () => Span | null;
  /** Equations so far, in order. */
  readonly body: () => readonly Eqn[];
  readonly finish: (name: string, results: readonly Var[]) => IrFunction;
  /** Appends a function's body with `args` for its parameters; gives its results. Free values stay as they are. */
  readonly inline: (fn: IrFunction, args: readonly Var[]) => readonly Var[];

  /** A splat of `type`. */
  readonly splat: (value: number, type: TensorType) => Var;
  readonly scalar: (value: number, dtype: DType) => Var;
  readonly zerosLike: (x: Var) => Var;
  readonly onesLike: (x: Var) => Var;
  /** A splat of `value` with the type of `x`. */
  readonly fill: (x: Var, value: number) => Var;
  readonly select: (cond: Var, a: Var, b: Var) => Var;
  /** No equation if the dtype is right already. */
  readonly cast: (x: Var, dtype: DType) => Var;
  /** No equation if the shape is right already. */
  readonly reshape: (x: Var, shape: Shape) => Var;
  /** No equation for the identity permutation. */
  readonly transpose: (x: Var, perm: readonly number[]) => Var;
  /** No equation if the shape is right already. */
  readonly broadcast: (x: Var, shape: Shape, dims: readonly number[]) => Var;
  /** A scalar to any shape. */
  readonly broadcastScalar: (x: Var, shape: Shape) => Var;
  /** No equation for no axes. */
  readonly reduceSum: (x: Var, axes: readonly number[]) => Var;
}

const NONE = {};
/** A method for each elementwise op. All builders share them: every region has one, and closures of its own would be most of its cost. */
const elementwise = Object.fromEntries([
  ...UNARY_OPS.map((op) => [
    op,
    function (this: Builder, x: Var): Var {
      return this.emit(op, [x], NONE);
    },
  ]),
  ...BINARY_OPS.map((op) => [
    op,
    function (this: Builder, x: Var, y: Var): Var {
      return this.emit(op, [x, y], NONE);
    },
  ]),
]) as UnaryMethods & BinaryMethods;

export const createBuilder = (): Builder => {
  const params: Var[] = [];
  const body: Eqn[] = [];
  let span: Span | null = null;

  const emit = <K extends OpName>(op: K, inputs: readonly Var[], p: OpParams[K]): Var => {
    const out: Var = { type: inferType(op, inputs, p, span) };
    // The generic K hides that op and params belong together; they do by the signature.
    body.push({ op, inputs, params: p, outs: [out], span } as unknown as Eqn);
    return out;
  };
  const emitAll = <K extends AnyOp>(op: K, inputs: readonly Var[], p: AnyParams[K]): readonly Var[] => {
    const outs = inferTypes(op, inputs, p, span).map((type): Var => ({ type }));
    // as above
    body.push({ op, inputs, params: p, outs, span } as unknown as Eqn);
    return outs;
  };
  const append = (eqn: Eqn, inputs: readonly Var[]): readonly Var[] => {
    const outs = emitAll(eqn.op, inputs, eqn.params);
    outs.forEach((v, k) => {
      describeLike(v, eqn.outs[k] ?? v);
    });
    return outs;
  };
  const splat = (value: number, type: TensorType): Var =>
    emit("const", [], { value, dtype: type.dtype, shape: type.shape });
  const reshape = (x: Var, shape: Shape): Var =>
    sameShape(x.type.shape, shape) ? x : emit("reshape", [x], { shape });
  const broadcast = (x: Var, shape: Shape, dims: readonly number[]): Var =>
    sameShape(x.type.shape, shape) ? x : emit("broadcast", [x], { shape, dims });

  const at = <T>(s: Span | null, f: () => T): T => {
    const before = span;
    span = s ?? before;
    try {
      return f();
    } finally {
      span = before;
    }
  };

  const own: Omit<Builder, UnaryOp | BinaryOp> = {
    emit,
    emitAll,
    append,
    at,
    span: () => span,
    body: () => body,
    param: (type, like) => {
      const v: Var = { type };
      if (like !== undefined) describeLike(v, like);
      params.push(v);
      return v;
    },
    finish: (name, results) => ({ name, params: [...params], body: [...body], results }),
    inline: (fn, args) => {
      const env = new Map<Var, Var>();
      fn.params.forEach((p, k) => {
        const arg = args[k];
        if (arg === undefined) return;
        env.set(p, arg);
        nameLike(arg, p);
      });
      const image = (v: Var): Var => env.get(v) ?? v;
      for (const eqn of fn.body) {
        const outs = at(eqn.span, () => append(eqn, eqn.inputs.map(image)));
        eqn.outs.forEach((v, k) => {
          env.set(v, outs[k] ?? v);
        });
      }
      return fn.results.map(image);
    },
    splat,
    scalar: (value, dtype) => splat(value, { dtype, shape: [] }),
    zerosLike: (x) => splat(0, x.type),
    onesLike: (x) => splat(1, x.type),
    fill: (x, value) => splat(value, x.type),
    select: (cond, a, b) => emit("select", [cond, a, b], NONE),
    cast: (x, dtype) => (x.type.dtype === dtype ? x : emit("cast", [x], { dtype })),
    reshape,
    transpose: (x, perm) => (perm.every((p, k) => p === k) ? x : emit("transpose", [x], { perm })),
    broadcast,
    broadcastScalar: (x, shape) => broadcast(x, shape, []),
    reduceSum: (x, axes) => (axes.length === 0 ? x : emit("reduceSum", [x], { axes })),
  };
  return Object.assign(Object.create(elementwise) as UnaryMethods & BinaryMethods, own);
};

/** The result type by the op's rule; its refusal as a diagnostic. */
export const inferType = <K extends OpName>(
  op: K,
  inputs: readonly Var[],
  params: OpParams[K],
  span: Span | null,
): TensorType =>
  explained(span, () =>
    inferPlain(
      op,
      inputs.map((v) => v.type),
      params,
    ),
  );

const inferControl = <K extends ControlOp>(
  op: K,
  inputs: readonly TensorType[],
  params: ControlParams[K],
): readonly TensorType[] => controlTable[op].infer(inputs, params);
const inferPlain = <K extends OpName>(
  op: K,
  inputs: readonly TensorType[],
  params: OpParams[K],
): TensorType => {
  requireRows(op, inputs);
  return opTable[op].infer(inputs, params);
};

/** An array without end is read and written by rows; it has no elements to compute with. */
const requireRows = (op: OpName, inputs: readonly TensorType[]): void => {
  const [first, ...others] = inputs.map(isUnbounded);
  const whole = others.includes(true) || (first === true && op !== "dynamicSlice" && op !== "dynamicUpdate");
  if (whole)
    throw new ShapeError(`${op}: takes no array without end (${inputs.map(typeText).join(", ")})`, "type");
};

/** The result types of any op by its rule, which throws a ShapeError. */
export const resultTypes = <K extends AnyOp>(
  op: K,
  inputs: readonly TensorType[],
  params: AnyParams[K],
): readonly TensorType[] => {
  const any: AnyOp = op;
  // the params belong to the op by the signature
  if (isControlOp(any)) return inferControl(any, inputs, params as ControlParams[typeof any]);
  return [inferPlain(any, inputs, params as OpParams[typeof any])];
};

/** The same for values, with the rule's refusal as a diagnostic. */
export const inferTypes = <K extends AnyOp>(
  op: K,
  inputs: readonly Var[],
  params: AnyParams[K],
  span: Span | null,
): readonly TensorType[] =>
  explained(span, () =>
    resultTypes(
      op,
      inputs.map((v) => v.type),
      params,
    ),
  );

const explained = <T>(span: Span | null, infer: () => T): T => {
  try {
    return infer();
  } catch (e) {
    if (!(e instanceof ShapeError)) throw e;
    const code = e.kind === "shape" ? "TSJ2001" : "TSJ2002";
    const d: Diagnostic = diagnostic(code, e.kind, e.message, { span });
    throw new TscJitError([d], { cause: e });
  }
};
