/** The functions of a program: one for the compiler, one that is its oracle, each with variables of its own outside of it. */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AnyFunction } from "../../compiler/frontend/types.js";
import type { Parameter, Program } from "./program.js";
import { COLUMNS, checkedExpressionOf, expressionOf, type Rendered } from "./render-program.js";
import { RANGE } from "./values.js";

/** What the source of a program evaluates to. */
export interface Made {
  readonly fn: AnyFunction;
  readonly scope: () => Readonly<Record<string, unknown>>;
  /** Changes elements of captured arrays. */
  readonly change: () => void;
}

export interface Subject {
  readonly source: string;
  readonly made: Made;
  /** Whether the compiler is to ask the inspector for what is outside of the function, instead of being told. */
  readonly inspected: boolean;
  /** The oracle, with `Math` replaced. */
  readonly plain: (math: typeof Math) => Made;
}

const checked = (at: number, n: number): number => {
  if (!Number.isInteger(at) || at < 0 || at >= n) throw new RangeError(RANGE);
  return at;
};

const plainOf = (rendered: Rendered): Subject["plain"] => {
  const make = new Function("checked", "Math", `"use strict"; return ${checkedExpressionOf(rendered)}`);
  return (math) => make(checked, math) as Made;
};

/** A program whose variables are handed to the compiler by its `scope` option. */
export const subjectOf = (rendered: Rendered): Subject => {
  const source = expressionOf(rendered);
  const made = new Function(`"use strict"; return ${source}`)() as Made;
  return { source, made, inspected: false, plain: plainOf(rendered) };
};

/** Programs in a file of their own, in which the compiler finds them. Cheap only before the first is compiled. */
export const loadSubjects = (file: string, programs: readonly Rendered[]): readonly Subject[] => {
  const sources = programs.map(expressionOf);
  const text = sources.map((source) => `module.exports.push(() => ${source});`).join("\n");
  writeFileSync(file, `"use strict";\nmodule.exports = [];\n${text}\n`);
  const makers = createRequire(import.meta.url)(file) as readonly (() => Made)[];
  return programs.map((rendered, k) => {
    const made = makers[k]?.();
    if (made === undefined) throw new Error(`${file} lacks program ${k}`);
    return { source: sources[k] ?? "", made, inspected: true, plain: plainOf(rendered) };
  });
};

const TYPED = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
} as const;

const argumentOf = ({ form, length }: Parameter, next: () => number): unknown => {
  switch (form) {
    case "list":
      return Array.from({ length }, next);
    case "rows":
      return Array.from({ length }, () => Array.from({ length: COLUMNS }, next));
    case "record":
      return { u: next(), w: next() };
    default:
      return new TYPED[form](Array.from({ length }, next));
  }
};

/** Fresh arguments for run `k`. */
export const argumentsOf = (p: Program, k: number): readonly unknown[] => {
  const values = p.inputs[k] ?? [];
  let at = 0;
  const next = (): number => values[at++ % values.length] ?? 0;
  const numbers = Array.from({ length: p.numbers }, next);
  return [...numbers, ...p.parameters.map((parameter) => argumentOf(parameter, next))];
};

/** 2^-51: two units in the last place, or four, of a double. */
const PERTURBATION = 2 ** -51;

/** `Math` whose elementary functions are off by up to some units in the last place, each call by another one. */
export const perturbedMath = (seed: number): typeof Math => {
  let state = seed;
  const sign = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state < 0 ? -1 : 1;
  };
  const exact = new Set<PropertyKey>([
    ...["abs", "floor", "ceil", "trunc", "sqrt", "round", "sign", "fround", "clz32", "min", "max", "imul"],
  ]);
  return new Proxy(Math, {
    get: (target, name) => {
      const f: unknown = Reflect.get(target, name);
      if (typeof f !== "function" || exact.has(name)) return f;
      return (...args: readonly number[]): number => {
        const y: unknown = Reflect.apply(f, target, args);
        return Number(y) * (1 + sign() * PERTURBATION);
      };
    },
  });
};
