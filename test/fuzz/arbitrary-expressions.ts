/** Random expressions. */
import fc from "fast-check";
import type {
  AssignOp,
  Bool,
  CompareOp,
  Crement,
  Element,
  Index,
  MathName,
  Num,
  NumberOp,
  SmoothName,
  Target,
  UnaryOp,
} from "./program.js";

const LITERALS = [0, 1, 2, 3, 0.5, -1, -2.5, 7, 10, 0.1, 255, 1e10, -0, 2 ** 31, 1e300, 5e-324, 100, 4];
const NUMBER_OPS: readonly NumberOp[] = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>"];
const POWER: NumberOp = "**";
const COMPARE: readonly CompareOp[] = ["<", "<=", ">", ">=", "===", "!=="];
const UNARY: readonly UnaryOp[] = ["-", "+", "~", "~~"];
const MATH: readonly MathName[] = [
  ...(["abs", "floor", "ceil", "trunc", "sqrt", "round", "sign", "fround", "clz32"] as const),
  ...(["min", "max", "imul"] as const),
];
const CREMENT: readonly Crement[] = ["x++", "++x", "x--", "--x"];
const SMOOTH: readonly SmoothName[] = [
  ...(["sin", "cos", "tan", "exp", "expm1", "log", "log1p", "log2", "log10", "cbrt"] as const),
  ...(["tanh", "sinh", "cosh", "asinh", "atan", "asin", "acos", "atan2", "hypot", "pow"] as const),
];
export const ASSIGN: readonly AssignOp[] = [
  ...(["=", "=", "="] as const),
  ...NUMBER_OPS.map((op): AssignOp => `${op}=`),
  ...(["&&=", "||=", "??="] as const),
];
export const any = <T>(items: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...items);
export const pick = fc.nat({ max: 999 });
export const bit = fc.boolean();
/** Each alternative with its weight; shrinking goes to the first. */
export const weighted = <T>(...options: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> =>
  fc.oneof({ withCrossShrink: true }, ...options.map(([weight, arbitrary]) => ({ weight, arbitrary })));
export const perDepth = <T>(
  make: (depth: number) => fc.Arbitrary<T>,
): ((depth: number) => fc.Arbitrary<T>) => {
  const made = new Map<number, fc.Arbitrary<T>>();
  return (depth) => {
    const known = made.get(depth) ?? make(depth);
    made.set(depth, known);
    return known;
  };
};
export const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

const literal: fc.Arbitrary<Num> = fc.record({ kind: kind("literal"), value: any(LITERALS) });
const variable: fc.Arbitrary<Num> = fc.record({ kind: kind("variable"), pick });

export const index = perDepth((depth): fc.Arbitrary<Index> => {
  const simple: readonly (readonly [number, fc.Arbitrary<Index>])[] = [
    [3, fc.record({ kind: kind("literal"), at: fc.nat({ max: 9 }) })],
    [4, fc.record({ kind: kind("counter"), pick })],
  ];
  if (depth === 0) return weighted(...simple);
  const form = any(["u32", "abs", "mask", "clamp"] as const);
  return weighted(
    ...simple,
    [4, fc.record({ kind: kind("wrapped"), form, value: num(depth - 1) })],
    [1, fc.record({ kind: kind("raw"), value: num(depth - 1) })],
  );
});

const element = perDepth(
  (depth): fc.Arbitrary<Element> => fc.record({ array: pick, index: index(depth), column: index(0) }),
);

export const target = perDepth(
  (depth): fc.Arbitrary<Target> =>
    weighted<Target>(
      [3, fc.record({ kind: kind("variable"), pick })],
      [2, fc.record({ kind: kind("element"), element: element(depth) })],
    ),
);

export const num: (depth: number) => fc.Arbitrary<Num> = perDepth((depth) => {
  if (depth <= 0) return weighted<Num>([2, literal], [5, variable]);
  const x = num(depth - 1);
  const test = bool(depth - 1);
  const array = pick;
  const form = any(["reduce", "map", "findIndex", "indexOf", "spread", "at"] as const);
  return weighted<Num>(
    [3, literal],
    [8, variable],
    [5, fc.record({ kind: kind("element"), element: element(depth - 1) })],
    [1, fc.record({ kind: kind("length"), array })],
    [2, fc.record({ kind: kind("unary"), op: any(UNARY), x })],
    [14, fc.record({ kind: kind("binary"), op: any(NUMBER_OPS), x, y: x })],
    [1, fc.record({ kind: kind("binary"), op: fc.constant(POWER), x, y: x })],
    [5, fc.record({ kind: kind("math"), name: any(MATH), args: fc.tuple(x, x) })],
    [3, fc.record({ kind: kind("math"), name: any(SMOOTH), args: fc.tuple(x, x) })],
    [1, fc.record({ kind: kind("perhaps"), form: any(["??", "==="] as const), pick, x })],
    [1, fc.record({ kind: kind("applied"), callee: pick, x })],
    [1, fc.record({ kind: kind("comma"), x, y: x })],
    [3, fc.record({ kind: kind("choose"), test, x, y: x })],
    [2, fc.record({ kind: kind("short"), op: any(["&&", "||", "??"] as const), x, y: x })],
    [1, fc.record({ kind: kind("fromBool"), form: any(["Number", "plus", "or", "times"] as const), test })],
    [4, fc.record({ kind: kind("call"), callee: pick, args: fc.tuple(x, x) })],
    [1, fc.record({ kind: kind("crement"), op: any(CREMENT), target: target(0) })],
    [1, fc.record({ kind: kind("assigned"), op: any(ASSIGN), target: target(0), x })],
    [1, fc.record({ kind: kind("folded"), array, form, x: num(depth - 2) })],
  );
});

const compare = perDepth(
  (depth): fc.Arbitrary<Bool> =>
    fc.record({ kind: kind("compare"), op: any(COMPARE), x: num(depth), y: num(depth) }),
);

export const bool: (depth: number) => fc.Arbitrary<Bool> = perDepth((depth) => {
  const simple: readonly (readonly [number, fc.Arbitrary<Bool>])[] = [
    [1, fc.record({ kind: kind("constant"), value: bit })],
    [3, fc.record({ kind: kind("flag"), pick })],
    [10, compare(Math.max(0, depth))],
  ];
  if (depth <= 0) return weighted(...simple);
  const [test, x] = [bool(depth - 1), num(depth - 1)];
  return weighted<Bool>(
    ...simple,
    [2, fc.record({ kind: kind("not"), test })],
    [4, fc.record({ kind: kind("logic"), op: any(["&&", "||"] as const), x: test, y: test })],
    [2, fc.record({ kind: kind("truthy"), x })],
    [1, fc.record({ kind: any(["isNaN", "isInteger", "isFinite"] as const), x })],
    [1, fc.record({ kind: any(["some", "every", "includes"] as const), array: pick, x: num(0) })],
  );
});
