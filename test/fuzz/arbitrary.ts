/** Random program trees. */
import fc from "fast-check";
import type {
  ArrayForm,
  AssignOp,
  Bool,
  Case,
  CompareOp,
  Crement,
  Element,
  ForForm,
  Index,
  MathName,
  Num,
  NumberOp,
  Program,
  Stmt,
  Target,
  UnaryOp,
} from "./program.js";

const LITERALS = [0, 1, 2, 3, 0.5, -1, -2.5, 7, 10, 0.1, 255, 1e10, -0, 2 ** 31, 1e300, 5e-324, 100, 4];
const TAME = [0, 1, 2, 3, -1, 5, 0.5, -2.5, 7, 10, 4.75, -3];
const WILD = [
  ...[Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, -1e300, 5e-324, -1e-310],
  ...[2 ** 31, 2 ** 32 + 5, -(2 ** 31) - 1, 2 ** 53, 0.1, 1e21, -0.5, 4294967295.5],
];
const NUMBER_OPS: readonly NumberOp[] = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>"];
const COMPARE: readonly CompareOp[] = ["<", "<=", ">", ">=", "===", "!=="];
const UNARY: readonly UnaryOp[] = ["-", "+", "~", "~~"];
const MATH: readonly MathName[] = [
  ...(["abs", "floor", "ceil", "trunc", "sqrt", "round", "sign", "fround", "clz32"] as const),
  ...(["min", "max", "imul"] as const),
];
const CREMENT: readonly Crement[] = ["x++", "++x", "x--", "--x"];
const ASSIGN: readonly AssignOp[] = ["=", ...NUMBER_OPS.map((op): AssignOp => `${op}=`)];
const FORMS: readonly ArrayForm[] = [
  ...(["Float64Array", "list", "filled", "Int32Array", "Uint8Array", "Uint32Array", "Float32Array"] as const),
  ...([
    "Int16Array",
    "from",
    "copyFrom",
    "copySlice",
    "copySpread",
    "copyNew",
    "alias",
    "rows",
    "row",
  ] as const),
];
const FOR: readonly ForForm[] = [
  ...(["up", "upTo", "step", "down", "dynamic", "hoisted", "outside", "pair", "bumped", "float"] as const),
];

const any = <T>(items: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...items);
const pick = fc.nat({ max: 999 });
const bit = fc.boolean();
/** Each alternative with its weight; shrinking goes to the first. */
const weighted = <T>(...options: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> =>
  fc.oneof({ withCrossShrink: true }, ...options.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const perDepth = <T>(make: (depth: number) => fc.Arbitrary<T>): ((depth: number) => fc.Arbitrary<T>) => {
  const made = new Map<number, fc.Arbitrary<T>>();
  return (depth) => {
    const known = made.get(depth) ?? make(depth);
    made.set(depth, known);
    return known;
  };
};
const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

const literal: fc.Arbitrary<Num> = fc.record({ kind: kind("literal"), value: any(LITERALS) });
const variable: fc.Arbitrary<Num> = fc.record({ kind: kind("variable"), pick });

const index = perDepth((depth): fc.Arbitrary<Index> => {
  const simple: readonly (readonly [number, fc.Arbitrary<Index>])[] = [
    [3, fc.record({ kind: kind("literal"), at: fc.nat({ max: 9 }) })],
    [4, fc.record({ kind: kind("counter"), pick })],
  ];
  if (depth === 0) return weighted(...simple);
  const form = any(["u32", "abs", "mask", "clamp"] as const);
  return weighted(...simple, [4, fc.record({ kind: kind("wrapped"), form, value: num(depth - 1) })]);
});

const element = perDepth(
  (depth): fc.Arbitrary<Element> => fc.record({ array: pick, index: index(depth), column: index(0) }),
);

const target = perDepth(
  (depth): fc.Arbitrary<Target> =>
    weighted<Target>(
      [3, fc.record({ kind: kind("variable"), pick })],
      [2, fc.record({ kind: kind("element"), element: element(depth) })],
    ),
);

const num: (depth: number) => fc.Arbitrary<Num> = perDepth((depth) => {
  if (depth <= 0) return weighted<Num>([2, literal], [5, variable]);
  const x = num(depth - 1);
  const test = bool(depth - 1);
  const array = pick;
  const form = any(["reduce", "map", "findIndex"] as const);
  return weighted<Num>(
    [3, literal],
    [8, variable],
    [5, fc.record({ kind: kind("element"), element: element(depth - 1) })],
    [1, fc.record({ kind: kind("length"), array })],
    [2, fc.record({ kind: kind("unary"), op: any(UNARY), x })],
    [10, fc.record({ kind: kind("binary"), op: any(NUMBER_OPS), x, y: x })],
    [5, fc.record({ kind: kind("math"), name: any(MATH), args: fc.tuple(x, x) })],
    [3, fc.record({ kind: kind("choose"), test, x, y: x })],
    [2, fc.record({ kind: kind("short"), op: any(["&&", "||", "??"] as const), x, y: x })],
    [1, fc.record({ kind: kind("fromBool"), test })],
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

const bool: (depth: number) => fc.Arbitrary<Bool> = perDepth((depth) => {
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
    [1, fc.record({ kind: any(["isNaN", "isInteger"] as const), x })],
  );
});

const EXPRESSION = 2;
const x = num(EXPRESSION);
const test = bool(1);
/** Null once in `often` times. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, often = 3): fc.Arbitrary<T | null> =>
  fc.option<T, null>(arbitrary, { freq: often });

const simpleStatements: readonly (readonly [number, fc.Arbitrary<Stmt>])[] = [
  [2, fc.record({ kind: kind("evaluate"), x })],
  [
    8,
    fc.record({
      kind: kind("declare"),
      word: any(["let", "let", "let", "const", "var"] as const),
      shadows: maybe(pick, 2),
      x,
    }),
  ],
  [1, fc.record({ kind: kind("declareLater"), x, y: x, test })],
  [2, fc.record({ kind: kind("flag"), test })],
  [1, fc.record({ kind: kind("setFlag"), pick, test })],
  [
    6,
    fc.record({
      kind: kind("array"),
      form: any(FORMS),
      size: fc.integer({ min: 1, max: 8 }),
      of: pick,
      items: fc.array(num(1), { minLength: 1, maxLength: 4 }),
    }),
  ],
  [
    2,
    fc.record({
      kind: kind("object"),
      items: fc.array(num(1), { minLength: 1, maxLength: 3 }),
      method: maybe(num(1)),
    }),
  ],
  [14, fc.record({ kind: kind("assign"), op: any(ASSIGN), target: target(1), x })],
  [2, fc.record({ kind: kind("swap"), a: target(1), b: target(1) })],
  [1, fc.record({ kind: kind("fill"), array: pick, x: num(1) })],
  [1, fc.record({ kind: kind("unpack"), array: pick, x: num(1) })],
  [4, fc.record({ kind: any(["break", "continue"] as const), pick, test: maybe(test, 8) })],
  [3, fc.record({ kind: kind("return"), test: maybe(test, 8), x, y: num(1) })],
];

const block = (depth: number, most = 4): fc.Arbitrary<readonly Stmt[]> =>
  fc.array(stmt(depth), { minLength: 0, maxLength: most, size: "max" });

const stmt: (depth: number) => fc.Arbitrary<Stmt> = perDepth((depth) => {
  if (depth <= 0) return weighted(...simpleStatements);
  const body = block(depth - 1);
  const trips = fc.integer({ min: 0, max: 14 });
  const cases: fc.Arbitrary<readonly Case[]> = fc.array(
    fc.record({
      values: fc.array(fc.nat({ max: 7 }), { maxLength: 2 }),
      body: block(depth - 1, 2),
      ends: bit,
    }),
    { minLength: 1, maxLength: 4 },
  );
  return weighted<Stmt>(
    ...simpleStatements,
    [10, fc.record({ kind: kind("if"), test, then: body, otherwise: maybe(body) })],
    [3, fc.record({ kind: kind("switch"), x, mask: any([1, 3, 7]), cases })],
    [9, fc.record({ kind: kind("for"), form: any(FOR), trips, bound: num(1), labelled: bit, body })],
    [
      6,
      fc.record({
        kind: kind("while"),
        form: any(["head", "countdown", "middle", "do"] as const),
        trips,
        test,
        labelled: bit,
        body,
      }),
    ],
    [
      3,
      fc.record({
        kind: kind("forOf"),
        form: any(["values", "entries", "forEach"] as const),
        array: pick,
        labelled: bit,
        body,
      }),
    ],
    [
      3,
      fc.record({
        kind: kind("function"),
        form: any(["arrow", "expression", "declaration"] as const),
        parameters: fc.integer({ min: 0, max: 2 }),
        body: block(depth - 1, 3),
        result: x,
      }),
    ],
    [1, fc.record({ kind: kind("throw"), test })],
    [1, fc.record({ kind: kind("block"), body })],
  );
});

const input = fc.oneof(
  fc.array(any(TAME), { minLength: 9, maxLength: 9 }),
  fc.array(any([...TAME, ...WILD]), { minLength: 9, maxLength: 9 }),
);

/** @param most statements of the function's own body */
export const programs = (most = 8): fc.Arbitrary<Program> =>
  fc.record({
    numbers: fc.integer({ min: 1, max: 3 }),
    arrays: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
    result: any(["all", "all", "number", "list", "record"] as const),
    body: fc.array(stmt(3), { minLength: 1, maxLength: most, size: "max" }),
    last: x,
    second: x,
    inputs: fc.array(input, { minLength: 5, maxLength: 5 }),
  });
