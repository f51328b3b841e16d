/** Declarations of local arrays: new ones, copies, other names for an array or a row of one. */
import type { Index, Stmt } from "./program.js";
import { index, number } from "./render-expressions.js";
import { type ArrayVariable, choose, declareNumber, inner, type Scope, type Writer } from "./scope.js";

type ArrayStmt = Extract<Stmt, { kind: "array" }>;

const declare = (scope: Scope, array: ArrayVariable, init: string): string[] => {
  scope.arrays.push(array);
  return [`const ${array.text} = ${init};`];
};

export const arrayDeclaration = (w: Writer, scope: Scope, s: ArrayStmt): string[] => {
  const items = s.items.map((item) => number(w, scope, item));
  const text = w.name("A");
  const flat = scope.arrays.filter((a) => a.columns === null);
  const source = choose(flat, s.of);
  const fresh = (form: string, init: string, length = s.size): string[] =>
    declare(scope, { text, form, length, columns: null, writable: true }, init);
  const list = (): string[] => fresh("list", `[${items.join(", ")}]`, items.length);
  switch (s.form) {
    case "Float64Array":
    case "Float32Array":
    case "Int32Array":
    case "Uint32Array":
    case "Uint8Array":
    case "Int16Array":
    case "Int8Array":
    case "Uint16Array":
    case "Uint8ClampedArray":
      return s.of % 2 === 0
        ? fresh(s.form, `new ${s.form}(${s.size})`)
        : fresh(s.form, `${s.form}.of(${items.join(", ")})`, items.length);
    case "list":
      return list();
    case "filled":
      return fresh("list", `new Array(${s.size}).fill(${items[0] ?? "0"})`);
    case "from": {
      const k = w.name("k");
      return fresh("list", `Array.from({ length: ${s.size} }, (_, ${k}) => ${k} * ${items[0] ?? "1"})`);
    }
    case "copyFrom":
      return source === undefined
        ? list()
        : fresh("Float64Array", `Float64Array.from(${source.text})`, source.length);
    case "copySlice":
      return source === undefined ? list() : fresh(source.form, `${source.text}.slice()`, source.length);
    case "copySpread":
      return source === undefined ? list() : fresh("list", `[...${source.text}]`, source.length);
    case "copyNew":
      return source === undefined
        ? list()
        : fresh("Float64Array", `new Float64Array(${source.text})`, source.length);
    case "pushed": {
      const k = w.name("k");
      const own = inner(scope, { times: scope.times * s.size, targets: [], returns: "none" });
      declareNumber(own, k, false);
      own.counters.push({ text: k, limit: s.size });
      const item = s.items[0];
      const value = item === undefined ? k : `${number(w, own, item)} + ${k}`;
      scope.arrays.push({ text, form: "list", length: s.size, columns: null, writable: true });
      return [`const ${text} = [];`, `for (let ${k} = 0; ${k} < ${s.size}; ${k}++) ${text}.push(${value});`];
    }
    case "mapped": {
      if (source === undefined) return list();
      const [e, k] = [w.name("e"), w.name("k")];
      const own = inner(scope, { times: scope.times * source.length, targets: [], returns: "none" });
      declareNumber(own, e, false);
      declareNumber(own, k, false);
      own.counters.push({ text: k, limit: source.length });
      const [item = null] = s.items;
      const value = item === null ? e : number(w, own, item);
      return fresh(source.form, `${source.text}.map((${e}, ${k}) => ${value} - ${e})`, source.length);
    }
    case "part": {
      if (source === undefined) return list();
      const from = s.size % source.length;
      const to = from + 1 + (s.of % (source.length - from));
      return fresh(source.form, `${source.text}.slice(${from}, ${to})`, to - from);
    }
    case "joined":
      return source === undefined
        ? list()
        : fresh("list", `[...${source.text}, ${items.join(", ")}]`, source.length + items.length);
    case "reversed":
      return source === undefined ? list() : fresh("list", `[...${source.text}].reverse()`, source.length);
    case "sorted":
      return source === undefined
        ? list()
        : fresh("Float64Array", `Float64Array.from(${source.text}).sort()`, source.length);
    case "view": {
      // A view of the same memory.
      const typed = choose(
        flat.filter((a) => a.form.endsWith("Array")),
        s.of,
      );
      if (typed === undefined) return list();
      const from = s.size % typed.length;
      const init = `${typed.text}.subarray(${from})`;
      return declare(scope, { ...typed, text, length: typed.length - from }, init);
    }
    case "alias": {
      const other = choose(scope.arrays, s.of);
      return other === undefined ? list() : declare(scope, { ...other, text }, other.text);
    }
    case "rows": {
      const [length, columns] = [2 + (s.of % 2), items.length];
      const form = s.of % 3 === 0 ? "Float64Array" : "list";
      const row = (k: number): string =>
        `[${items.map((item, j) => (j === k % columns ? item : `${k + j}`)).join(", ")}]`;
      const rows = Array.from({ length }, (_, k) => row(k)).join(", ");
      const init =
        form === "list"
          ? `[${rows}]`
          : `Array.from({ length: ${length} }, () => new Float64Array(${columns}))`;
      return declare(scope, { text, form, length, columns, writable: true }, init);
    }
    case "row": {
      const rows = choose(
        scope.arrays.filter((a) => a.columns !== null),
        s.of,
      );
      if (rows === undefined || rows.columns === null) return list();
      const at = index(
        w,
        scope,
        s.of % 2 === 0 ? { kind: "literal", at: s.of } : { kind: "counter", pick: s.of },
        rows.length,
      );
      return declare(scope, { ...rows, text, length: rows.columns, columns: null }, `${rows.text}[${at}]`);
    }
    default: {
      const never: never = s.form;
      return never;
    }
  }
};

/** Elements moved inside an array or between two; rows put in other places. */
export const arrayStatement = (
  w: Writer,
  scope: Scope,
  s: Extract<Stmt, { kind: "move" | "swapRows" | "setRow" }>,
): string[] => {
  if (s.kind === "move") {
    const writable = scope.arrays.filter((a) => a.writable && a.columns === null);
    const array = choose(writable, s.array);
    if (array === undefined) return [];
    const [from, to] = [s.of % array.length, 1 + ((s.of >> 3) % array.length)];
    if (s.form === "fill") return [`${array.text}.fill(${number(w, scope, s.x)}, ${from}, ${to});`];
    if (s.form === "copyWithin") return [`${array.text}.copyWithin(${to - 1}, ${from});`];
    const fitting = scope.arrays.filter((a) => a.columns === null && a.length <= array.length);
    const source = choose(fitting, s.of);
    if (source === undefined || !array.form.endsWith("Array")) return [];
    return [`${array.text}.set(${source.text}, ${array.length - source.length});`];
  }
  const rows = choose(
    scope.arrays.filter((a) => a.writable && a.columns !== null && a.form === "list"),
    s.array,
  );
  if (rows === undefined || rows.columns === null) return [];
  const at = (i: Index): string => `${rows.text}[${index(w, scope, i, rows.length)}]`;
  if (s.kind === "swapRows") {
    const [a, b] = [at(s.a), at(s.b)];
    return [`[${a}, ${b}] = [${b}, ${a}];`];
  }
  const items = Array.from({ length: rows.columns }, (_, k) => {
    const item = s.items[k % s.items.length];
    return item === undefined ? "1" : number(w, scope, item);
  });
  return [`${at(s.at)} = [${items.join(", ")}];`];
};
