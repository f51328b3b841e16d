/**
 * Random well-typed programs for property tests, over every op of the table. A program is decoded from lists of random
 * numbers, one list per step, so that fast-check shrinks it by dropping steps; a step that finds no fitting operands, or
 * that a shape rule refuses, makes no equation.
 */
import fc from "fast-check";
import { TscJitError } from "../../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../../compiler/ir/builder.js";
import { paramSchema } from "../../compiler/ir/params.js";
import { printFunction } from "../../compiler/ir/print.js";
import {
  type DType,
  type IrFunction,
  isFloat,
  type OpName,
  type Shape,
  sizeOf,
  type TensorType,
  type Var,
} from "../../compiler/ir/types.js";
import { useCounts } from "../../compiler/ir/walk.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { type ControlForm, type RandomRegion, randomControl } from "./random-control.js";
import { decoders } from "./random-ops.js";

export interface RandomProgram {
  readonly fn: IrFunction;
  /** One per param. */
  readonly args: readonly NdArray[];
}

export interface RandomOptions {
  /** Ops to choose from; all of them by default. Helper equations may use others. */
  readonly ops?: readonly OpName[];
  /** Dtypes of the params. */
  readonly dtypes?: readonly DType[];
  /** Number of decoded steps, at most. */
  readonly steps?: number;
  /**
   * Keeps operands inside each function's domain and values small, so that programs of smooth ops are smooth and finite;
   * arguments are ordinary numbers. Otherwise NaN, infinities, -0 and extremes occur everywhere.
   */
  readonly tame?: boolean;
  /** Equations with regions of these forms, nested; none by default. */
  readonly control?: readonly ControlForm[];
  /** Params of rank 0 only. */
  readonly scalars?: boolean;
}

/** What a decoder sees: the program so far and a source of random choices. */
export interface Context {
  readonly b: Builder;
  readonly tame: boolean;
  /** 0 <= n < limit; 0 if there is nothing to choose from. */
  readonly int: (limit: number) => number;
  readonly pick: <T>(items: readonly T[]) => T | null;
  /** A value of the program for which `fits` holds. */
  readonly value: (fits?: (t: TensorType) => boolean) => Var | null;
  /** Another value of the same type, or a constant of that type. */
  readonly partner: (x: Var) => Var;
  /** A constant that rewriting rules care about: 0, -0, 1, NaN, ... */
  readonly constant: (type: TensorType) => Var;
}

/** No value grows beyond this many elements. */
export const MAX_ELEMENTS = 128;

const SPECIAL: Readonly<Record<DType, readonly number[]>> = {
  f32: [
    0,
    -0,
    1,
    -1,
    2,
    0.5,
    -3,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e-40,
    3e38,
  ],
  f64: [
    0,
    -0,
    1,
    -1,
    2,
    0.5,
    -3,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    5e-324,
    1e308,
  ],
  i32: [0, 1, -1, 2, 31, -(2 ** 31), 2 ** 31 - 1],
  u32: [0, 1, 2, 31, 2 ** 32 - 1],
  bool: [0, 1],
};
const TAME: Readonly<Record<DType, readonly number[]>> = {
  ...SPECIAL,
  f32: [0, 1, -1, 2, 0.5, -3],
  f64: [0, 1, -1, 2, 0.5, -3],
  i32: [0, 1, -1, 2],
};

const createContext = (
  values: readonly Var[],
  b: Builder,
  entropy: readonly number[],
  tame: boolean,
): Context => {
  let at = 0;
  const int = (limit: number): number => {
    const n = entropy[at % Math.max(1, entropy.length)] ?? 0;
    const lap = Math.floor(at / Math.max(1, entropy.length));
    at++;
    return limit <= 0 ? 0 : (n + lap) % limit;
  };
  const pick = <T>(items: readonly T[]): T | null => items[int(items.length)] ?? null;
  const constant = (type: TensorType): Var => b.splat(pick((tame ? TAME : SPECIAL)[type.dtype]) ?? 0, type);
  // Later values are likelier, so that chains get long.
  const value = (fits: (t: TensorType) => boolean = () => true): Var | null => {
    const fitting = values.filter((v) => fits(v.type));
    const recent = fitting.slice(-4);
    return int(2) === 0 ? pick(recent) : pick(fitting);
  };
  const partner = (x: Var): Var => {
    if (int(4) === 0) return constant(x.type);
    const same = (t: TensorType): boolean =>
      t.dtype === x.type.dtype && t.shape.join() === x.type.shape.join();
    return value(same) ?? x;
  };
  return { b, tame, int, pick, value, partner, constant };
};

/** Everything that nothing uses is a result, so no equation is dead at first. */
const finish = (b: Builder, values: readonly Var[]): IrFunction => {
  const all = b.finish("random", values);
  const used = useCounts({ ...all, results: [] });
  const unused = values.filter((v) => !used.has(v));
  return { ...all, results: unused.length > 0 ? unused : values.slice(-1) };
};

interface Choices {
  readonly ops: readonly OpName[];
  readonly tame: boolean;
  readonly control: readonly ControlForm[];
}

/** How deep regions lie in regions, and how many steps each has at most. */
const MAX_NESTING = 2;
const REGION_STEPS = 5;

/** Appends the equations that the steps decode to, and their values to `values`. */
const decodeInto = (
  b: Builder,
  values: Var[],
  steps: readonly (readonly number[])[],
  choices: Choices,
  depth: number,
): void => {
  const { ops, tame } = choices;
  const control = depth < MAX_NESTING ? choices.control : [];
  for (const [choice = 0, ...entropy] of steps) {
    const context = createContext(values, b, entropy, tame);
    const form = control.length > 0 && choice % 3 === 0 ? control[(choice / 3) % control.length] : undefined;
    const op = ops[choice % ops.length];
    const made =
      form !== undefined
        ? attempt(() => randomControl(context, form, randomRegion(context, entropy, choices, depth + 1)))
        : attempt(() => (op === undefined ? null : decoders[op](context)));
    for (const v of made === null ? [] : "type" in made ? [made] : made)
      if (sizeOf(v.type.shape) <= MAX_ELEMENTS) values.push(v);
  }
};

/** Regions with steps of their own, which come from the numbers of the step that the equation comes from. */
const randomRegion =
  (outer: Context, entropy: readonly number[], choices: Choices, depth: number): RandomRegion =>
  (types, wanted) => {
    const b = createBuilder();
    const params = types.map((t) => b.param(t));
    const values = [...params];
    let seed = outer.int(2 ** 30);
    const next = (k: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223 + (entropy[k % 11] ?? 0)) >>> 0;
      return seed >>> 2;
    };
    const count = outer.int(REGION_STEPS + 1);
    const steps = Array.from({ length: count }, () => Array.from({ length: 12 }, (_, k) => next(k)));
    decodeInto(b, values, steps, choices, depth);
    const inner = createContext(
      values,
      b,
      Array.from({ length: 11 }, (_, k) => next(k)),
      choices.tame,
    );
    const results = wanted(values, inner);
    return b.finish("region", results);
  };

const decode = (
  types: readonly TensorType[],
  steps: readonly (readonly number[])[],
  choices: Choices,
): IrFunction => {
  const b = createBuilder();
  const values: Var[] = types.map((t) => b.param(t));
  decodeInto(b, values, steps, choices, 0);
  return finish(b, values);
};

/** A refusal by a shape rule means that the operands did not fit after all. */
const attempt = <T>(make: () => T | null): T | null => {
  try {
    return make();
  } catch (e) {
    if (e instanceof TscJitError && (e.code === "TSJ2001" || e.code === "TSJ2002")) return null;
    throw e;
  }
};

export const ALL_OPS: readonly OpName[] = Object.keys(paramSchema) as OpName[]; // exhaustive by its type

const finite = (bound: number): fc.Arbitrary<number> => fc.double({ min: -bound, max: bound, noNaN: true });

const elementOf = (dtype: DType, tame: boolean): fc.Arbitrary<number> => {
  switch (dtype) {
    case "f32":
    case "f64":
      return tame
        ? finite(2)
        : fc.oneof(
            { weight: 4, arbitrary: finite(4) },
            { weight: 2, arbitrary: fc.constantFrom(...SPECIAL[dtype]) },
            { weight: 1, arbitrary: fc.double() },
          );
    case "i32":
      return tame
        ? fc.integer({ min: -5, max: 5 })
        : fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer(), fc.constantFrom(...SPECIAL.i32));
    case "u32":
      return fc.oneof(fc.nat(9), fc.nat(2 ** 32 - 1));
    case "bool":
      return fc.nat(1);
    default: {
      const never: never = dtype;
      return never;
    }
  }
};

/** A random array of that type. */
export const arrays = (type: TensorType, tame = false): fc.Arbitrary<NdArray> => {
  const size = sizeOf(type.shape);
  return fc
    .array(elementOf(type.dtype, tame), { minLength: size, maxLength: size })
    .map((data) => ndarray(type.dtype, type.shape, data));
};

/** Shapes built from the same few sizes, so that values meet others of equal shape. */
const shapesOver = ([p, q, r]: readonly [number, number, number]): readonly Shape[] => [
  [],
  [p],
  [p, q],
  [q],
  [q, p],
  [p, q, r],
  [1, q],
  [r, p],
];

const dimension = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 2, max: 4 }) },
  { weight: 2, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constant(0) },
);

/** Random programs with arguments for them. */
export const programs = (options: RandomOptions = {}): fc.Arbitrary<RandomProgram> => {
  const dtypes = options.dtypes ?? (["f32", "f64", "i32", "u32", "bool"] as const);
  const step = fc.array(fc.nat(2 ** 30), { minLength: 12, maxLength: 12 });
  const typesArb = fc
    .tuple(
      fc.tuple(dimension, dimension, dimension),
      fc.array(fc.nat(2 ** 30), { minLength: 2, maxLength: 4 }),
    )
    .map(([sizes, choices]) => {
      const shapes = options.scalars === true ? [[]] : shapesOver(sizes);
      return choices.map((n): TensorType => {
        const dtype = dtypes[n % dtypes.length] ?? "f64";
        return { dtype, shape: shapes[Math.floor(n / dtypes.length) % shapes.length] ?? [] };
      });
    });
  const all = options.ops ?? ALL_OPS;
  // Few ops over and over: what an op does to its own kind is where rewriting rules apply.
  const few = fc.array(fc.constantFrom(...all), { minLength: 1, maxLength: 4 });
  return fc
    .tuple(
      typesArb,
      fc.array(step, { minLength: 1, maxLength: options.steps ?? 14 }),
      fc.oneof(fc.constant(all), few),
    )
    .map(([types, steps, ops]) =>
      decode(types, steps, { ops, tame: options.tame === true, control: options.control ?? [] }),
    )
    .chain((fn) =>
      fc.tuple(...fn.params.map((p) => arrays(p.type, options.tame))).map((args) => showing({ fn, args })),
    );
};

/** fast-check prints the program as IR when a property fails. */
const showing = (p: RandomProgram): RandomProgram => {
  const text = () =>
    `\n${printFunction(p.fn)}\n${p.args.map((a) => `${a.dtype}[${a.shape}] ${[...a.data].map((n) => (Object.is(n, -0) ? "-0" : n))}`).join("\n")}\n`;
  return Object.defineProperty({ ...p }, fc.toStringMethod, { value: text, enumerable: false });
};

/** The sum of all float results in f64: a scalar loss over any program. */
export const sumOfResults = (fn: IrFunction): IrFunction => {
  const b = createBuilder();
  const args = fn.params.map((p) => b.param(p.type));
  const outs = b.inline(fn, args).filter((v) => isFloat(v.type.dtype));
  const sums = outs.map((v) =>
    b.reduceSum(
      b.cast(v, "f64"),
      v.type.shape.map((_, k) => k),
    ),
  );
  return b.finish(fn.name, [sums.reduce((s, t) => b.add(s, t), b.scalar(0, "f64"))]);
};
