/** Exact values of f64 functions from a file that scripts/math-reference.py wrote, and the errors of what WASM computes. */
import { readFileSync } from "node:fs";
import { BINARY_OPS, type ElementwiseOp, UNARY_OPS } from "../../compiler/ir/types.js";
import type { Profile } from "../../compiler/kernel/types.js";
import { f64Error, f64OfHex } from "./ulp.js";
import { arrayOp } from "./vector-op.js";

export interface ExactValue {
  readonly operands: readonly number[];
  /** The correctly rounded value, and what the exact one has beyond it, in ulp. */
  readonly value: number;
  readonly beyond: number;
}
export interface Reference {
  readonly op: ElementwiseOp;
  readonly values: readonly ExactValue[];
}

const opNamed = (name: string): ElementwiseOp => {
  const op = [...UNARY_OPS, ...BINARY_OPS].find((known) => known === name);
  if (op === undefined) throw new Error(`the reference holds values of ${name}, which is not an op`);
  return op;
};

const exactValue = (row: string): ExactValue => {
  const words = (row.match(/.{16}/g) ?? []).map(f64OfHex);
  const left = (Number.parseInt(row.slice(-4), 16) << 16) >> 16;
  return { operands: words.slice(0, -1), value: words.at(-1) ?? Number.NaN, beyond: left / 65536 };
};

export const readReference = (file: string | URL): readonly Reference[] => {
  const { values } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly values: Readonly<Record<string, readonly string[]>>; // as the script writes it
  };
  return Object.entries(values).map(([name, rows]) => ({ op: opNamed(name), values: rows.map(exactValue) }));
};

export interface F64Measured {
  readonly error: number;
  /** Operands, result and rounded exact value where the error is largest. */
  readonly at: readonly number[];
}

/** lgamma below -1/2, where values below 1 (it has zeros near every whole number) are given to an ulp of 1. */
const isNearZero = (op: ElementwiseOp, [x = 0]: readonly number[], value: number): boolean =>
  op === "lgamma" && x < -0.5 && Math.abs(value) < 1;

/** The largest error in ulp over a function's values. */
export const measureF64 = async ({ op, values }: Reference, profile: Profile): Promise<F64Measured> => {
  const arity = values[0]?.operands.length ?? 1;
  const f = await arrayOp(op, arity, "f64", values.length, profile);
  values.forEach(({ operands }, k) => {
    operands.forEach((x, j) => void f.inputs[j]?.set([x], k));
  });
  f.run();
  let worst: F64Measured = { error: 0, at: [] };
  values.forEach(({ operands, value, beyond }, k) => {
    const result = f.output[k] ?? Number.NaN;
    const error = isNearZero(op, operands, value)
      ? Math.abs(result - value) / 2 ** -52
      : f64Error(result, value, beyond);
    if (error > worst.error) worst = { error, at: [...operands, result, value] };
  });
  return worst;
};
