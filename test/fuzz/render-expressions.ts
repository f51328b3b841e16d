/** Source text of expressions. Every index is in range; nothing throws. */
import type { Bool, Element, Index, Num, Target } from "./program.js";
import { callText } from "./render-functions.js";
import {
  type ArrayVariable,
  choose,
  type FunctionVariable,
  MOST_COST,
  MOST_SIZE,
  markedIndex,
  operator,
  type Scope,
  type Writer,
} from "./scope.js";

const literal = (value: number): string => {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.startsWith("-") ? `(${text})` : text;
};

const count = (w: Writer, scope: Scope): void => {
  w.cost += scope.times;
  w.size++;
};

/** A whole number from 0 to `n - 1`, or, in a risky program, any number. */
export const index = (w: Writer, scope: Scope, at: Index, n: number): string => {
  switch (at.kind) {
    case "literal":
      return String(at.at % n);
    case "counter": {
      const fitting = scope.counters.filter((c) => c.limit <= n);
      const counter = choose(fitting.length > 0 ? fitting : scope.counters, at.pick);
      if (counter === undefined) return String(at.pick % n);
      return counter.limit <= n ? counter.text : `${counter.text} % ${n}`;
    }
    case "raw": {
      const value = number(w, scope, at.value);
      return w.risky ? markedIndex(value, n) : `(${value} >>> 0) % ${n}`;
    }
    case "wrapped": {
      const value = number(w, scope, at.value);
      switch (at.form) {
        case "u32":
          return `(${value} >>> 0) % ${n}`;
        case "abs":
          return `Math.abs(${value} | 0) % ${n}`;
        case "mask":
          return `${value} & ${2 ** Math.floor(Math.log2(n)) - 1}`;
        case "clamp":
          return `Math.min(${n - 1}, Math.max(0, Math.floor(${value}) | 0))`;
        default: {
          const never: never = at.form;
          return never;
        }
      }
    }
    default: {
      const never: never = at;
      return never;
    }
  }
};

const elementOf = (w: Writer, scope: Scope, array: ArrayVariable, element: Element): string => {
  const row = `${array.text}[${index(w, scope, element.index, array.length)}]`;
  return array.columns === null ? row : `${row}[${index(w, scope, element.column, array.columns)}]`;
};

/** What is assigned to; a variable where there is no array that may be written to; null where there is neither. */
export const target = (w: Writer, scope: Scope, to: Target): string | null => {
  if (to.kind === "element") {
    const array = choose(
      scope.arrays.filter((a) => a.writable),
      to.element.array,
    );
    if (array !== undefined) return elementOf(w, scope, array, to.element);
  }
  const pick = to.kind === "element" ? to.element.array : to.pick;
  const variable = choose(
    scope.numbers.filter((v) => v.assignable),
    pick,
  );
  return variable?.text ?? null;
};

const oneDimensional = (scope: Scope, pick: number): ArrayVariable | undefined =>
  choose(
    scope.arrays.filter((a) => a.columns === null),
    pick,
  );

/** Whether a call of the function fits in what is left; if so, it is counted. */
const mayCall = (w: Writer, scope: Scope, callee: FunctionVariable, times: number): boolean => {
  const [cost, size] = [callee.cost * scope.times * times, callee.size * times];
  if (w.cost + cost > MOST_COST || w.size + size > MOST_SIZE) return false;
  w.cost += cost;
  w.size += size;
  return true;
};

const callOf = (w: Writer, scope: Scope, e: Extract<Num, { kind: "call" }>): string => {
  const [first, second] = e.args;
  if (first === undefined || second === undefined) throw new Error("a call has two arguments");
  const callee = choose(scope.functions, e.callee);
  if (callee === undefined || !mayCall(w, scope, callee, 1)) return number(w, scope, first);
  const args = [first, second].slice(0, callee.parameters).map((arg) => number(w, scope, arg));
  if (callee.array === null) return callText(callee, args, e.callee);
  const fitting = scope.arrays.filter((a) => a.writable && a.columns === null && a.length === callee.array);
  const array = choose(fitting, e.callee);
  return array === undefined ? (args[0] ?? "6") : callText(callee, args, e.callee, array.text);
};

const appliedOf = (w: Writer, scope: Scope, e: Extract<Num, { kind: "applied" }>): string => {
  const unary = scope.functions.filter(
    (f) => f.parameters === 1 && f.taking === "plain" && f.giving === "number" && f.array === null,
  );
  const callee = choose(unary, e.callee);
  const x = number(w, scope, e.x);
  // A method is called on its object.
  if (callee === undefined || callee.text.includes(".") || !mayCall(w, scope, callee, 2)) return x;
  const [g, q] = [w.name("g"), w.name("q")];
  return `((${g}, ${q}) => ${g}(${g}(${q}) - ${q}))(${callee.text}, ${x})`;
};

/** The name of an item of the array, and the scope of a function of it. */
const overItems = (w: Writer, scope: Scope, array: ArrayVariable): readonly [string, Scope] => {
  const item = w.name("e");
  const numbers = [...scope.numbers, { text: item, assignable: false }];
  return [item, { ...scope, times: scope.times * array.length, numbers }];
};

const searchOf = (
  w: Writer,
  scope: Scope,
  e: Extract<Bool, { kind: "some" | "every" | "includes" }>,
): string => {
  const array = oneDimensional(scope, e.array);
  if (array === undefined) return `(${number(w, scope, e.x)} > 1)`;
  if (e.kind === "includes") return `${array.text}.includes(${number(w, scope, e.x)})`;
  const [item, body] = overItems(w, scope, array);
  return `${array.text}.${e.kind}((${item}) => ${item} < ${number(w, body, e.x)})`;
};

const SMOOTH: ReadonlySet<string> = new Set([
  ...["sin", "cos", "tan", "exp", "expm1", "log", "log1p", "log2", "log10", "cbrt"],
  ...["tanh", "sinh", "cosh", "asinh", "atan", "asin", "acos", "atan2", "hypot", "pow"],
]);
const ZERO: Num = { kind: "literal", value: 0 };
const BINARY_MATH: ReadonlySet<string> = new Set(["min", "max", "imul", "atan2", "hypot", "pow"]);

const foldOf = (w: Writer, scope: Scope, e: Extract<Num, { kind: "folded" }>): string => {
  const array = oneDimensional(scope, e.array);
  if (array === undefined) return number(w, scope, e.x);
  const [item, body] = overItems(w, scope, array);
  if (e.form === "indexOf") return `${array.text}.indexOf(${number(w, scope, e.x)})`;
  if (e.form === "spread") return `Math.max(...${array.text}, ${number(w, scope, e.x)})`;
  if (e.form === "at") return `${array.text}.at(-${1 + (e.array % array.length)})`;
  if (e.form === "reduce") {
    const sum = w.name("s");
    return `${array.text}.reduce((${sum}, ${item}) => ${sum} - ${item} * ${number(w, body, e.x)}, 0)`;
  }
  const f = number(w, body, e.x);
  if (e.form === "map") return `${array.text}.map((${item}) => ${f} - ${item})[${array.length - 1}]`;
  return `${array.text}.findIndex((${item}) => ${item} > ${f})`;
};

/** A boolean as a number. */
const converted = (form: "Number" | "plus" | "or" | "times", test: string): string => {
  switch (form) {
    case "Number":
      return `Number(${test})`;
    case "plus":
      return `(+(${test}))`;
    case "or":
      return `((${test}) | 0)`;
    case "times":
      return `((${test}) * 3)`;
    default: {
      const never: never = form;
      return never;
    }
  }
};

/** An expression in parentheses where it needs them. */
export const number = (w: Writer, scope: Scope, e: Num): string => {
  count(w, scope);
  if (w.cost > MOST_COST || w.size > MOST_SIZE) return "1";
  const of = (x: Num): string => number(w, scope, x);
  switch (e.kind) {
    case "literal":
      return literal(e.value);
    case "variable":
      return choose(scope.numbers, e.pick)?.text ?? "2";
    case "element": {
      const array = choose(scope.arrays, e.element.array);
      return array === undefined ? "3" : elementOf(w, scope, array, e.element);
    }
    case "length": {
      const array = choose(scope.arrays, e.array);
      return array === undefined ? "4" : `${array.text}.length`;
    }
    case "unary":
      return `(${e.op} ${of(e.x)})`;
    case "binary":
      return `(${of(e.x)} ${operator(w, e.op)} ${of(e.y)})`;
    case "math": {
      if (SMOOTH.has(e.name) && !w.smooth) return `Math.fround(${of(e.args[0] ?? ZERO)})`;
      if (SMOOTH.has(e.name)) w.inexact = true;
      const args = e.args.slice(0, BINARY_MATH.has(e.name) ? 2 : 1).map(of);
      return `Math.${e.name}(${args.join(", ")})`;
    }
    case "choose":
      return `(${bool(w, scope, e.test, true)} ? ${of(e.x)} : ${of(e.y)})`;
    case "short":
      return `(${of(e.x)} ${e.op} ${of(e.y)})`;
    case "fromBool":
      return converted(e.form, bool(w, scope, e.test, false));
    case "perhaps": {
      const v = choose(scope.perhaps, e.pick);
      const other = of(e.x);
      if (v === undefined) return other;
      return e.form === "??" ? `(${v} ?? ${other})` : `(${v} === undefined ? ${other} : ${v})`;
    }
    case "call":
      return callOf(w, scope, e);
    case "crement": {
      const x = target(w, scope, e.target);
      return x === null ? "5" : `(${e.op.replace("x", x)})`;
    }
    case "assigned": {
      const x = target(w, scope, e.target);
      return x === null ? of(e.x) : `(${x} ${operator(w, e.op)} ${of(e.x)})`;
    }
    case "applied":
      return appliedOf(w, scope, e);
    case "comma":
      return `(${of(e.x)}, ${of(e.y)})`;
    case "folded":
      return foldOf(w, scope, e);
    default: {
      const never: never = e;
      return never;
    }
  }
};

/** @param condition whether only its truth matters: a number may stand there as it is */
export const bool = (w: Writer, scope: Scope, e: Bool, condition: boolean): string => {
  count(w, scope);
  if (w.cost > MOST_COST || w.size > MOST_SIZE) return "false";
  const of = (x: Num): string => number(w, scope, x);
  switch (e.kind) {
    case "constant":
      return String(e.value);
    case "flag":
      return choose(scope.flags, e.pick) ?? `${choose(scope.numbers, e.pick)?.text ?? "1"} > 1`;
    case "compare":
      return `(${of(e.x)} ${e.op} ${of(e.y)})`;
    case "not":
      return `!(${bool(w, scope, e.test, true)})`;
    case "logic":
      return `(${bool(w, scope, e.x, condition)} ${e.op} ${bool(w, scope, e.y, condition)})`;
    case "truthy":
      return condition ? of(e.x) : `!!${of(e.x)}`;
    case "some":
    case "every":
    case "includes":
      return searchOf(w, scope, e);
    case "isNaN":
    case "isInteger":
    case "isFinite":
      return `Number.${e.kind}(${of(e.x)})`;
    default: {
      const never: never = e;
      return never;
    }
  }
};
