/** Source text of loops: each runs a bounded number of times, whatever its body does. */
import type { Stmt } from "./program.js";
import { bool, number } from "./render-expressions.js";
import {
  block,
  choose,
  declareNumber,
  indent,
  inner,
  type JumpTarget,
  MOST_TIMES,
  type Scope,
  type Writer,
} from "./scope.js";

interface LoopBody {
  readonly head: string;
  readonly lines: string[];
}

/** A loop's body with its label, and trips such that all loops around it together don't run too often. */
const loop = (
  w: Writer,
  scope: Scope,
  s: { readonly labelled: boolean; readonly trips: number; readonly body: readonly Stmt[] },
  prepare: (own: Scope, trips: number) => readonly string[],
): LoopBody & { readonly trips: number } => {
  const trips = Math.max(0, Math.min(s.trips, Math.floor(MOST_TIMES / scope.times)));
  const label = s.labelled ? w.name("L") : null;
  const jump: JumpTarget = { kind: "loop", label };
  const own = inner(scope, { times: scope.times * Math.max(1, trips), targets: [...scope.targets, jump] });
  own.lines.push(...prepare(own, trips));
  for (const inside of s.body) own.lines.push(...w.statement(own, inside));
  return { head: label === null ? "" : `${label}: `, lines: indent(own.lines), trips };
};

export const forStatement = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "for" }>): string[] => {
  const i = w.name("i");
  const { form } = s;
  const bound =
    form === "dynamic" || form === "hoisted" || form === "bumped" ? number(w, scope, s.bound) : "0";
  const { head, lines, trips } = loop(w, scope, s, (own, n) => {
    if (form !== "float" && form !== "bumped" && n > 0) own.counters.push({ text: i, limit: n });
    declareNumber(own, i, false);
    return [];
  });
  const most = `Math.min(${trips}, ${bound} >>> 0)`;
  const over = (control: string): string[] => [`${head}for (${control}) {`, ...lines, "}"];
  switch (form) {
    case "up":
      return over(`let ${i} = 0; ${i} < ${trips}; ${i}++`);
    case "upTo":
      return over(`let ${i} = 0; ${i} <= ${trips - 1}; ++${i}`);
    case "step":
      return over(`let ${i} = 0; ${i} < ${trips}; ${i} += 2`);
    case "down":
      return over(`let ${i} = ${trips - 1}; ${i} >= 0; ${i}--`);
    case "dynamic":
      return over(`let ${i} = 0; ${i} < ${most}; ${i}++`);
    case "hoisted": {
      const n = w.name("n");
      declareNumber(scope, n, false);
      return [`const ${n} = ${most};`, ...over(`let ${i} = 0; ${i} < ${n}; ${i}++`)];
    }
    case "outside": {
      declareNumber(scope, i, false);
      return [`let ${i} = 0;`, ...over(`; ${i} < ${trips}; ${i}++`)];
    }
    case "pair": {
      const j = w.name("j");
      return over(`let ${i} = 0, ${j} = ${trips}; ${i} < ${j}; ${i}++, ${j}--`);
    }
    case "bumped":
      return [
        `${head}for (let ${i} = 0; ${i} < ${trips}; ${i}++) {`,
        ...lines,
        `  if (${i} > (${bound})) ${i} += 1;`,
        "}",
      ];
    case "float":
      return over(`let ${i} = 0; ${i} < ${trips * 0.25}; ${i} += 0.25`);
    default: {
      const never: never = form;
      return never;
    }
  }
};

export const whileStatement = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "while" }>): string[] => {
  const left = w.name("w");
  declareNumber(scope, left, false);
  const test = bool(w, scope, s.test, true);
  const counting = s.form === "head" || s.form === "middle";
  const { head, lines, trips } = loop(w, scope, s, (_, n) =>
    s.form === "head"
      ? [`${left}++;`]
      : s.form === "middle"
        ? [`if (${left}++ >= ${n} || !(${test})) break;`]
        : [],
  );
  const start = `let ${left} = ${counting ? 0 : trips};`;
  switch (s.form) {
    case "head":
      return [start, `${head}while (${left} < ${trips} && ${test}) {`, ...lines, "}"];
    case "countdown":
      return [start, `${head}while (${left}-- > 0 && ${test}) {`, ...lines, "}"];
    case "middle":
      return [start, `${head}while (true) {`, ...lines, "}"];
    case "do":
      return [start, `${head}do {`, ...lines, `} while (--${left} > 0 && ${test});`];
    default: {
      const never: never = s.form;
      return never;
    }
  }
};

export const forOfStatement = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "forOf" }>): string[] => {
  const array = choose(
    scope.arrays.filter((a) => a.columns === null),
    s.array,
  );
  if (array === undefined || scope.times * array.length > MOST_TIMES)
    return ["{", ...block(w, scope, s.body), "}"];
  const [item, i] = [w.name("e"), w.name("i")];
  const declare = (own: Scope): void => {
    declareNumber(own, item, false);
    if (s.form === "values") return;
    declareNumber(own, i, false);
    own.counters.push({ text: i, limit: array.length });
  };
  if (s.form === "forEach") {
    const own = inner(scope, { times: scope.times * array.length, targets: [], returns: "nothing" });
    declare(own);
    for (const inside of s.body) own.lines.push(...w.statement(own, inside));
    return [`${array.text}.forEach((${item}, ${i}) => {`, ...indent(own.lines), "});"];
  }
  const { head, lines } = loop(w, scope, { ...s, trips: array.length }, (own) => {
    declare(own);
    return [];
  });
  const what =
    s.form === "values" ? `${item} of ${array.text}` : `[${i}, ${item}] of ${array.text}.entries()`;
  return [`${head}for (const ${what}) {`, ...lines, "}"];
};

/** Over the fields of an object, which are known: `o[k]` is one of them. */
export const forInStatement = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "forIn" }>): string[] => {
  const object = choose(scope.objects, s.object);
  if (object === undefined || scope.times * object.fields.length > MOST_TIMES)
    return ["{", ...block(w, scope, s.body), "}"];
  const [key, item] = [w.name("k"), w.name("v")];
  const { head, lines } = loop(
    w,
    scope,
    { labelled: false, trips: object.fields.length, body: s.body },
    (own) => {
      declareNumber(own, item, true);
      return [`let ${item} = ${object.text}[${key}];`];
    },
  );
  return [`${head}for (const ${key} in ${object.text}) {`, ...lines, "}"];
};

export const eachRecord = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "eachRecord" }>): string[] => {
  const records = choose(scope.records, s.records);
  if (records === undefined || scope.times * records.length > MOST_TIMES)
    return ["{", ...block(w, scope, s.body), "}"];
  const item = w.name("r");
  const { head, lines } = loop(w, scope, { labelled: false, trips: records.length, body: s.body }, (own) => {
    for (const field of ["k0", "k1"]) own.numbers.push({ text: `${item}.${field}`, assignable: true });
    return [];
  });
  return [`${head}for (const ${item} of ${records.text}) {`, ...lines, "}"];
};
