/** What JAX gives for the library's functions; made by jax-reference.py. */
import { readFileSync } from "node:fs";

export interface RandomReference {
  readonly key: readonly number[];
  readonly bits: readonly number[];
  readonly split: readonly number[];
  readonly foldIn: readonly number[];
  readonly uniform: readonly number[];
  readonly uniformRange: readonly number[];
  readonly uniform64: readonly number[];
  readonly normal: readonly number[];
  readonly normal64: readonly number[];
  readonly randint: readonly number[];
  readonly bernoulli: readonly number[];
}
export interface FunctionReference {
  readonly name: string;
  readonly args: readonly (number[] | number[][] | number[][][])[];
  readonly shape: readonly number[];
  readonly value: readonly number[];
  /** Of sum(f * [1, 2, ..]) by each operand. */
  readonly grads: readonly (readonly number[])[];
}
interface Reference {
  readonly random: Readonly<Record<string, RandomReference>>;
  readonly functions: readonly FunctionReference[];
}

const file = new URL("./jax-reference.json", import.meta.url);
export const reference = JSON.parse(readFileSync(file, "utf8")) as Reference;
