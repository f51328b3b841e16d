/** Source text of expressions. Every index is in range; nothing throws. */
import type { Bool, Element, Index, Num, Target } from "./program.js";
import { type ArrayVariable, choose, MOST_COST, MOST_SIZE, type Scope, type Writer } from "./scope.js";

const literal = (value: number): string => {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.startsWith("-") ? `(${text})` : text;
};

const count = (w: Writer, scope: Scope): void => {
  w.cost += scope.times;
  w.size++;
};

/** A whole number from 0 to `n - 1`. */
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

/** What is assigned to; a variable where there is no array that may be written to. */
export const target = (w: Writer, scope: Scope, to: Target): string => {
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
  if (variable === undefined) throw new Error("nothing to assign to");
  return variable.text;
};

const oneDimensional = (scope: Scope, pick: number): ArrayVariable | undefined =>
  choose(
    scope.arrays.filter((a) => a.columns === null),
    pick,
  );

const callOf = (w: Writer, scope: Scope, e: Extract<Num, { kind: "call" }>): string => {
  const [first, second] = e.args;
  if (first === undefined || second === undefined) throw new Error("a call has two arguments");
  const callee = choose(scope.functions, e.callee);
  if (
    callee === undefined ||
    w.cost + callee.cost * scope.times > MOST_COST ||
    w.size + callee.size > MOST_SIZE
  )
    return number(w, scope, first);
  w.cost += callee.cost * scope.times;
  w.size += callee.size;
  const args = [first, second].slice(0, callee.parameters).map((arg) => number(w, scope, arg));
  return `${callee.text}(${args.join(", ")})`;
};

const foldOf = (w: Writer, scope: Scope, e: Extract<Num, { kind: "folded" }>): string => {
  const array = oneDimensional(scope, e.array);
  if (array === undefined) return number(w, scope, e.x);
  const item = w.name("e");
  const times = scope.times * array.length;
  const body: Scope = {
    ...scope,
    times,
    numbers: [...scope.numbers, { text: item, assignable: false }],
  };
  if (e.form === "reduce") {
    const sum = w.name("s");
    return `${array.text}.reduce((${sum}, ${item}) => ${sum} - ${item} * ${number(w, body, e.x)}, 0)`;
  }
  const f = number(w, body, e.x);
  if (e.form === "map") return `${array.text}.map((${item}) => ${f} - ${item})[${array.length - 1}]`;
  return `${array.text}.findIndex((${item}) => ${item} > ${f})`;
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
      return `(${of(e.x)} ${e.op} ${of(e.y)})`;
    case "math": {
      const two = e.name === "min" || e.name === "max" || e.name === "imul";
      const args = e.args.slice(0, two ? 2 : 1).map(of);
      return `Math.${e.name}(${args.join(", ")})`;
    }
    case "choose":
      return `(${bool(w, scope, e.test, true)} ? ${of(e.x)} : ${of(e.y)})`;
    case "short":
      return `(${of(e.x)} ${e.op} ${of(e.y)})`;
    case "fromBool":
      return `Number(${bool(w, scope, e.test, false)})`;
    case "call":
      return callOf(w, scope, e);
    case "crement": {
      const x = target(w, scope, e.target);
      return `(${e.op.replace("x", x)})`;
    }
    case "assigned":
      return `(${target(w, scope, e.target)} ${e.op} ${of(e.x)})`;
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
    case "isNaN":
    case "isInteger":
      return `Number.${e.kind}(${of(e.x)})`;
    default: {
      const never: never = e;
      return never;
    }
  }
};
