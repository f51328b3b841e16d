/** Lexical environments of the code that is being staged. */
import type { ts } from "ts-morph";
import type { Site } from "./machine.js";
import { nextSerial, type Value } from "./values.js";

export interface Binding {
  /** Undefined before the declaration is reached (the temporal dead zone). */
  value: Value | undefined;
  readonly constant: boolean;
  readonly born: number;
  /** A variable of a program that is only read, around the function being staged: what it holds where it is mentioned. */
  readonly captured?: (site: Site, node: ts.Identifier) => Value;
}

export interface Environment {
  readonly bindings: Map<string, Binding>;
  readonly parent: Environment | null;
}

export const createEnvironment = (parent: Environment | null): Environment => ({
  bindings: new Map(),
  parent,
});

export const declare = (
  env: Environment,
  name: string,
  value: Value | undefined,
  constant: boolean,
): Binding => {
  const binding: Binding = { value, constant, born: nextSerial() };
  env.bindings.set(name, binding);
  return binding;
};

export const lookup = (env: Environment, name: string): Binding | null => {
  for (let at: Environment | null = env; at !== null; at = at.parent) {
    const binding = at.bindings.get(name);
    if (binding !== undefined) return binding;
  }
  return null;
};

/** The same variables with storage of their own: the environment of a loop's next iteration. */
export const copyEnvironment = (env: Environment): Environment => ({
  bindings: new Map(
    [...env.bindings].map(([name, { value, constant }]) => [name, { value, constant, born: nextSerial() }]),
  ),
  parent: env.parent,
});
