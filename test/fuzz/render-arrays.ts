/** Declarations of local arrays: new ones, copies, other names for an array or a row of one. */
import type { Stmt } from "./program.js";
import { index, number } from "./render-expressions.js";
import { type ArrayVariable, choose, type Scope, type Writer } from "./scope.js";

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
