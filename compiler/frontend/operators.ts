/** JavaScript's operators on abstract values. Static operands are computed here and now, by JavaScript itself. */
import { type BinaryOp, type DType, isFloat, type UnaryOp, type Var } from "../ir/types.js";
import type { Code } from "./codes.js";
import { condition } from "./conditions.js";
import { describe } from "./describe.js";
import { pinIdentity } from "./hosts.js";
import { isMutable } from "./identities.js";
import { refuse, type Site } from "./machine.js";
import { equalMaybe } from "./maybe.js";
import { sameRow } from "./places.js";
import { integerDType, type Mode, promote, spread } from "./promote.js";
import { toPrimitive } from "./reify.js";
import { constantOf, derived, isLeaf, lift, refuseUnmerged, requireMerged, varOf } from "./tensors.js";
import {
  type Callee,
  isNullish,
  isStatic,
  type Mutable,
  staticValue,
  type TensorValue,
  type Value,
} from "./values.js";

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "**"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | ">>>"
  | "=="
  | "!="
  | "==="
  | "!=="
  | "<"
  | "<="
  | ">"
  | ">=";

/** JavaScript's own meaning, for operands that are known. The casts hide that operands may be of any primitive type. */
const NATIVE: Readonly<Record<BinaryOperator, (a: never, b: never) => unknown>> = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => a / b,
  "%": (a: number, b: number) => a % b,
  "**": (a: number, b: number) => a ** b,
  "&": (a: number, b: number) => a & b,
  "|": (a: number, b: number) => a | b,
  "^": (a: number, b: number) => a ^ b,
  "<<": (a: number, b: number) => a << b,
  ">>": (a: number, b: number) => a >> b,
  ">>>": (a: number, b: number) => a >>> b,
  // biome-ignore lint/suspicious/noDoubleEquals: the operator of the user's program
  "==": (a: unknown, b: unknown) => a == b,
  // biome-ignore lint/suspicious/noDoubleEquals: the operator of the user's program
  "!=": (a: unknown, b: unknown) => a != b,
  "===": (a: unknown, b: unknown) => a === b,
  "!==": (a: unknown, b: unknown) => a !== b,
  "<": (a: number, b: number) => a < b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  ">=": (a: number, b: number) => a >= b,
};

const STAGED: Readonly<Record<Exclude<BinaryOperator, "**" | Bitwise>, { op: BinaryOp; mode: Mode }>> = {
  "+": { op: "add", mode: "arithmetic" },
  "-": { op: "sub", mode: "arithmetic" },
  "*": { op: "mul", mode: "arithmetic" },
  "/": { op: "div", mode: "float" },
  "%": { op: "rem", mode: "arithmetic" },
  "==": { op: "eq", mode: "equality" },
  "===": { op: "eq", mode: "equality" },
  "!=": { op: "ne", mode: "equality" },
  "!==": { op: "ne", mode: "equality" },
  "<": { op: "lt", mode: "order" },
  "<=": { op: "le", mode: "order" },
  ">": { op: "gt", mode: "order" },
  ">=": { op: "ge", mode: "order" },
};

type Bitwise = "&" | "|" | "^" | "<<" | ">>" | ">>>";
const BITWISE: Readonly<Record<Bitwise, BinaryOp>> = {
  "&": "and",
  "|": "or",
  "^": "xor",
  "<<": "shl",
  ">>": "shr",
  ">>>": "ushr",
};
const isBitwise = (op: BinaryOperator): op is Bitwise => op in BITWISE;
const isEquality = (op: BinaryOperator): op is "==" | "!=" | "===" | "!==" =>
  op.length > 1 && op[1] === "=" && "=!".includes(op.charAt(0));

/** Applies one op to promoted operands. */
export const applyBinary = (
  site: Site,
  op: BinaryOp,
  mode: Mode,
  values: readonly [Value, Value],
  what: string,
): Value => {
  const { vars, weak } = promote(site, values, mode, what);
  const [x, y] = vars as readonly [Var, Var];
  return derived(site, values, site.machine.builder[op](x, y), weak);
};

export const binary = (site: Site, op: BinaryOperator, a: Value, b: Value): Value => {
  if (isStatic(a) && isStatic(b)) return staticValue(NATIVE[op](a.value as never, b.value as never));
  if ((op === "==" || op === "!=") && needsConversion(a, b))
    return refuse(
      site,
      "TSJ1052",
      `\`${op}\` of ${describe(a)} and ${describe(b)} is not compiled`,
      "compare with ===",
    );
  if (isEquality(op)) {
    if (a.kind === "unmerged" || b.kind === "unmerged") return equalUnmerged(site, op, a, b);
    const [x, y] = op.length === 2 ? [withoutText(a, b), withoutText(b, a)] : [a, b];
    if (x !== a || y !== b) return binary(site, op, x, y);
    const rows = sameRow(site, a, b);
    if (rows !== null) return op.startsWith("!") ? unary(site, "!", rows) : rows;
    const known = decidedEquality(site, op, a, b);
    if (known !== null) return staticValue(known);
  }
  const text = textConcat(site, op, a, b);
  if (text !== null) return text;
  if (isBitwise(op)) return bitwise(site, op, a, b);
  if (op === "**") return power(site, a, b);
  if (op === "%") return remainder(site, a, b);
  const { op: name, mode } = STAGED[op];
  return applyBinary(site, name, mode, [a, b], `\`${op}\``);
};

/** Equality with a value that is undefined or null on some paths. */
const equalUnmerged = (site: Site, op: "==" | "!=" | "===" | "!==", a: Value, b: Value): Value => {
  for (const v of [a, b]) if (v.kind === "unmerged" && v.maybe === undefined) return refuseUnmerged(site, v);
  const loose = op.length === 2;
  const equal = equalMaybe(site, a, b, loose, (p, q) => binary(site, loose ? "==" : "===", p, q));
  return op.startsWith("!") ? unary(site, "!", equal) : equal;
};

/** Whether `==` makes a primitive of an object first. */
const needsConversion = (a: Value, b: Value): boolean => {
  const isObject = (v: Value): boolean => v.kind === "array" || v.kind === "object" || v.kind === "host";
  const isPrimitive = (v: Value): boolean => isStatic(v) && !isNullish(v) && typeof v.value !== "object";
  return (isObject(a) && isPrimitive(b)) || (isPrimitive(a) && isObject(b));
};

/** `==` with a staged number or boolean makes a number of a string. */
const withoutText = (value: Value, other: Value): Value =>
  isStatic(value) && typeof value.value === "string" && other.kind === "tensor"
    ? staticValue(Number(value.value))
    : value;

/** `boolean` or `number` for JavaScript's own values, null for arrays' elements, which are compared by value. */
const scalarType = (v: Value): "boolean" | "number" | null => {
  if (isStatic(v))
    return typeof v.value === "boolean" ? "boolean" : typeof v.value === "number" ? "number" : null;
  if (v.kind !== "tensor" || !v.weak) return null;
  return v.v.type.dtype === "bool" ? "boolean" : "number";
};

/** Equality of objects is identity, and a staged value equals no string, null or undefined; null where it must be computed. */
const decidedEquality = (site: Site, op: "==" | "!=" | "===" | "!==", a: Value, b: Value): boolean | null => {
  for (const v of [a, b]) if (v.kind === "unmerged") requireMerged(site, v);
  if (isLeaf(a) && isLeaf(b)) {
    const [p, q] = [scalarType(a), scalarType(b)];
    return op.length === 3 && p !== null && q !== null && p !== q ? op === "!==" : null;
  }
  const numeric = (v: Value): boolean => isLeaf(v) || v.kind === "array";
  if ((a.kind === "tensor" && numeric(b)) || (b.kind === "tensor" && numeric(a))) return null;
  if (isMutable(a) && isMutable(b) && a !== b && mayBeOne(a, b))
    return refuse(
      site,
      "TSJ1103",
      "whether these are one object is known only at run time",
      "compare what they hold, or keep the condition that chose between them",
    );
  for (const v of [a, b]) if (v.kind === "host" && a.kind === b.kind) pinIdentity(site, v);
  const mayBeSame = (v: Value): boolean =>
    (v.kind === "array" || v.kind === "object") && (v.mayBe.length > 0 || v.fixed === "merged");
  if (a !== b && a.kind === b.kind && (mayBeSame(a) || mayBeSame(b)))
    refuse(
      site,
      "TSJ1103",
      "these may be one object or two: which one each of them is, is known only at run time",
      "compare numbers that tell them apart",
    );
  const same =
    a === b || (a.kind === "host" && b.kind === "host" && a.value === b.value) || sameFunction(a, b);
  return op.startsWith("!") ? !same : same;
};
/** Whether one may be the other, after paths on which a name stood for different objects. */
const mayBeOne = (a: Mutable, b: Mutable): boolean => {
  const [p, q] = [
    [a, ...a.mayBe],
    [b, ...b.mayBe],
  ];
  return p.some((m) => q.includes(m));
};

const sameFunction = (a: Value, b: Value): boolean => {
  if (a.kind !== "function" || b.kind !== "function") return false;
  const [p, q] = [a.callee, b.callee];
  if (p.kind === "class" || q.kind === "class") {
    const live = (c: Callee): unknown =>
      c.kind === "class" ? (c.type.live ?? c.type) : c.kind === "host" ? c.fn : c;
    return live(p) === live(q);
  }
  return p.kind === "host" && q.kind === "host" && p.fn === q.fn;
};

/** `"text" + value` for a known value of another kind; null for everything else. */
const textConcat = (site: Site, op: BinaryOperator, a: Value, b: Value): Value | null => {
  const isText = (v: Value): boolean => isStatic(v) && typeof v.value === "string";
  if (op !== "+" || (!isText(a) && !isText(b))) return null;
  const left = toPrimitive(site, a);
  const right = toPrimitive(site, b);
  return staticValue(NATIVE["+"](left as never, right as never));
};

/**
 * Bit operations. Integer arrays stay what they are (`>>>` on i32 gives u32); floats and JavaScript numbers go through
 * ToInt32 and come back in their dtype.
 */
const bitwise = (site: Site, op: Bitwise, a: Value, b: Value): Value => {
  const { builder } = site.machine;
  const what = `\`${op}\``;
  const dtype = integerDType(site, [a, b], what);
  const word: DType = dtype === "u32" ? "u32" : "i32";
  const bits = [a, b].map((value) => {
    const x = lift(site, value, `an operand of ${what}`);
    return toWord(site, x, word);
  });
  const shape = promote(site, [a, b], "any", what).shape;
  const [x, y] = bits.map((v) => spread(site, v, shape)) as [Var, Var];
  const raw = builder[BITWISE[op]](x, y);
  const result = op === ">>>" && word === "i32" ? builder.emit("bitcast", [raw], { dtype: "u32" }) : raw;
  const weak = [a, b].every((v) => v.kind !== "tensor" || v.weak);
  return derived(site, [a, b], isFloat(dtype) ? builder.cast(result, dtype) : result, weak);
};

/** ToInt32, then the bits as `word`. */
const toWord = (site: Site, value: TensorValue, word: "i32" | "u32"): Var => {
  const { builder } = site.machine;
  const v = varOf(site, value);
  if (v.type.dtype === word) return v;
  const int = v.type.dtype === "bool" ? builder.cast(v, "i32") : builder.toInt32(v);
  return word === "u32" ? builder.emit("bitcast", [int], { dtype: "u32" }) : int;
};

/**
 * x % y. JavaScript numbers and floats give NaN where y is 0. Integer arrays have no NaN: the run stops there, as a division of
 * two bigints does.
 */
const remainder = (site: Site, a: Value, b: Value): Value => {
  const { builder } = site.machine;
  const { vars, weak, dtype } = promote(site, [a, b], "arithmetic", "`%`");
  const [x, y] = vars as readonly [Var, Var];
  const divisor = isFloat(dtype) ? null : constantOf(b);
  if (!isFloat(dtype) && (divisor === null || divisor.data.includes(0))) {
    const isNonzero = builder.ne(y, builder.zerosLike(y));
    const axes = y.type.shape.map((_, k) => k);
    const all = axes.length === 0 ? isNonzero : builder.emit("reduceMin", [isNonzero], { axes });
    builder.emit("check", [all, builder.scalar(0, "i32")], {
      code: "TSJ1141" satisfies Code,
      message: "an integer is divided by zero",
    });
  }
  return derived(site, [a, b], builder.rem(x, y), weak);
};

/** Exponents up to which an integer power is written as products. */
const MAX_INTEGER_EXPONENT = 64;

/** x ** y. Integers to a small constant power stay integers: by repeated squaring, as pow is a float op. */
export const power = (site: Site, a: Value, b: Value): Value => {
  const { builder } = site.machine;
  const n = isStatic(b) && typeof b.value === "number" ? b.value : Number.NaN;
  if (
    a.kind === "tensor" &&
    !a.weak &&
    !isFloat(a.v.type.dtype) &&
    Number.isInteger(n) &&
    n >= 0 &&
    n <= MAX_INTEGER_EXPONENT
  ) {
    const [x] = promote(site, [a, staticValue(1)], "arithmetic", "`**`").vars as readonly [Var, Var];
    let result: Var | null = null;
    let square = x;
    for (let k = n; k > 0; k >>= 1) {
      if ((k & 1) === 1) result = result === null ? square : builder.mul(result, square);
      if (k > 1) square = builder.mul(square, square);
    }
    return derived(site, [a], result ?? builder.onesLike(x), false);
  }
  return applyBinary(site, "pow", "float", [a, b], "`**`");
};

/** One op on one operand, promoted. */
export const applyUnary = (site: Site, op: UnaryOp, mode: Mode, value: Value, what: string): Value => {
  const { vars, weak } = promote(site, [value], mode, what);
  const [x] = vars as readonly [Var];
  return derived(site, [value], site.machine.builder[op](x), weak);
};

export type UnaryOperator = "-" | "+" | "~" | "!";

export const unary = (site: Site, op: UnaryOperator, value: Value): Value => {
  if (isStatic(value)) {
    const x = value.value as number;
    return staticValue(op === "-" ? -x : op === "+" ? +x : op === "~" ? ~x : !x);
  }
  if (op === "!") return negation(site, value);
  if (op === "-") return applyUnary(site, "neg", "arithmetic", value, "`-`");
  if (op === "+") {
    const { vars, weak } = promote(site, [value], "arithmetic", "`+`");
    const [x] = vars as readonly [Var];
    return derived(site, [value], x, weak);
  }
  return bitwise(site, "^", value, staticValue(-1)); // ~x = x ^ -1
};

/** `!x`: for a staged number true where it is 0 or NaN. */
const negation = (site: Site, value: Value): Value => {
  const { builder } = site.machine;
  if (value.kind === "unmerged") {
    const holds = condition(site, value, "the operand of `!`");
    return typeof holds === "boolean"
      ? staticValue(!holds)
      : derived(site, [holds], builder.not(varOf(site, holds)), true);
  }
  if (value.kind !== "tensor") return staticValue(false);
  const v = varOf(site, value);
  if (v.type.shape.length > 0)
    return refuse(
      site,
      "TSJ1101",
      `\`!\` on ${describe(value)}: an array is neither true nor false`,
      "np.logicalNot(x) negates every element",
    );
  if (v.type.dtype === "bool") return derived(site, [value], builder.not(v), value.weak);
  const zero = builder.eq(v, builder.zerosLike(v));
  const result = isFloat(v.type.dtype) ? builder.or(zero, builder.ne(v, v)) : zero;
  return derived(site, [value], result, value.weak);
};
