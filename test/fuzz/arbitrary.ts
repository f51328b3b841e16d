/** Random program trees. */
import fc from "fast-check";
import {
  ASSIGN,
  any,
  bit,
  bool,
  index,
  kind,
  num,
  perDepth,
  pick,
  target,
  weighted,
} from "./arbitrary-expressions.js";
import type {
  ArrayForm,
  Case,
  ForForm,
  GivenForm,
  Parameter,
  ParameterForm,
  Program,
  Stmt,
  TypedForm,
} from "./program.js";

const TAME = [0, 1, 2, 3, -1, 5, 0.5, -2.5, 7, 10, 4.75, -3];
const WILD = [
  ...[Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, -1e300, 5e-324, -1e-310],
  ...[2 ** 31, 2 ** 32 + 5, -(2 ** 31) - 1, 2 ** 53, 0.1, 1e21, -0.5, 4294967295.5],
];
const TYPED: readonly TypedForm[] = [
  ...(["Float64Array", "Int32Array", "Uint8Array", "Uint32Array", "Float32Array"] as const),
  ...(["Int16Array", "Int8Array", "Uint16Array", "Uint8ClampedArray"] as const),
];
const FORMS: readonly ArrayForm[] = [
  ...(["Float64Array", "list", "list", "filled"] as const),
  ...TYPED,
  ...(["pushed", "mapped", "part", "joined", "reversed", "sorted", "view"] as const),
  ...(["from", "copyFrom", "copySlice", "copySpread", "copyNew", "alias", "rows", "row"] as const),
];
const FOR: readonly ForForm[] = [
  ...(["up", "upTo", "step", "down", "dynamic", "hoisted", "outside", "pair", "bumped", "float"] as const),
];

const TAKING: readonly ParameterForm[] = ["plain", "plain", "plain", "defaults", "record", "array", "rest"];

const GIVING: readonly GivenForm[] = ["number", "number", "number", "list", "record"];

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
  [
    1,
    fc.record({
      kind: kind("class"),
      items: fc.array(num(1), { minLength: 1, maxLength: 3 }),
      getter: maybe(num(1)),
      method: num(1),
      writes: bit,
    }),
  ],
  [1, fc.record({ kind: kind("maker"), start: num(1), step: num(1), op: any(ASSIGN) })],
  [
    1,
    fc.record({ kind: kind("recursion"), depth: fc.integer({ min: 0, max: 5 }), base: num(1), step: num(1) }),
  ],
  [1, fc.record({ kind: kind("unpackRecord"), object: pick, x: num(1) })],
  [1, fc.record({ kind: kind("reverse"), array: pick })],
  [
    2,
    fc.record({
      kind: kind("move"),
      form: any(["fill", "copyWithin", "set"] as const),
      array: pick,
      of: pick,
      x: num(1),
    }),
  ],
  [1, fc.record({ kind: kind("swapRows"), array: pick, a: index(1), b: index(1) })],
  [
    1,
    fc.record({
      kind: kind("setRow"),
      array: pick,
      at: index(1),
      items: fc.array(num(1), { minLength: 1, maxLength: 3 }),
    }),
  ],
  [1, fc.record({ kind: kind("spreadObject"), object: pick, x: num(1) })],
  [1, fc.record({ kind: kind("records"), items: fc.array(num(1), { minLength: 1, maxLength: 3 }) })],
  [1, fc.record({ kind: kind("perhaps"), test, x: num(1) })],
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
        taking: any(TAKING),
        giving: any(GIVING),
        array: any([null, null, null, 2, 3, 4]),
        parameters: fc.integer({ min: 0, max: 2 }),
        body: block(depth - 1, 3),
        result: x,
      }),
    ],
    [1, fc.record({ kind: kind("eachRecord"), records: pick, body })],
    [1, fc.record({ kind: kind("forIn"), object: pick, body })],
    [1, fc.record({ kind: kind("throw"), test })],
    [1, fc.record({ kind: kind("block"), body })],
  );
});

const input = fc.oneof(
  fc.array(any(TAME), { minLength: 9, maxLength: 9 }),
  fc.array(any([...TAME, ...WILD]), { minLength: 9, maxLength: 9 }),
);

const parameter: fc.Arbitrary<Parameter> = fc.record({
  form: any([
    ...(["Float64Array", "Float64Array", "list", "list", "rows", "record"] as const),
    ...(["Int32Array", "Float32Array", "Uint8Array", "Uint32Array"] as const),
  ]),
  length: fc.integer({ min: 1, max: 6 }),
  written: bit,
});

/** What may stand outside of a function: it is made once, without an error, and changed by no one. */
const outside: fc.Arbitrary<Stmt> = weighted<Stmt>(
  [
    4,
    fc.record({ kind: kind("declare"), word: fc.constant("const"), shadows: fc.constant(null), x: num(1) }),
  ],
  [
    3,
    fc.record({
      kind: kind("array"),
      form: any([...TYPED, ...(["list", "list", "rows"] as const)]),
      size: fc.integer({ min: 1, max: 8 }),
      of: pick,
      items: fc.array(num(0), { minLength: 1, maxLength: 4 }),
    }),
  ],
  [
    2,
    fc.record({
      kind: kind("function"),
      form: any(["arrow", "declaration"] as const),
      taking: any(TAKING),
      giving: any(GIVING),
      array: fc.constant(null),
      parameters: fc.integer({ min: 0, max: 2 }),
      body: block(0, 2),
      result: x,
    }),
  ],
  [
    1,
    fc.record({ kind: kind("recursion"), depth: fc.integer({ min: 0, max: 5 }), base: num(1), step: num(1) }),
  ],
  [
    1,
    fc.record({
      kind: kind("class"),
      items: fc.array(num(1), { minLength: 1, maxLength: 3 }),
      getter: maybe(num(1)),
      method: num(1),
      writes: fc.constant(false),
    }),
  ],
);

/** @param most statements of the function's own body */
export const programs = (most = 8): fc.Arbitrary<Program> =>
  fc.record({
    numbers: fc.integer({ min: 1, max: 3 }),
    parameters: fc.array(parameter, { maxLength: 2 }),
    prelude: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(outside, { maxLength: 4 }) },
    ),
    smooth: fc.nat({ max: 3 }).map((n) => n === 3),
    risky: fc.nat({ max: 7 }).map((n) => n === 7),
    result: any(["all", "all", "number", "list", "record"] as const),
    body: fc.array(stmt(3), { minLength: 1, maxLength: most, size: "max" }),
    last: x,
    second: x,
    inputs: fc.array(input, { minLength: 5, maxLength: 5 }),
  });
