/** What the operands of control equations are, and access to their regions whatever the op. */
import { internal } from "../diagnostics.js";
import type { ControlEqn, ControlParams, IrFunction, Var } from "./types.js";

/** The operands of a loop. */
export interface LoopOperands<T> {
  /** The dynamic trip count of a `for`. */
  readonly trip: T | null;
  readonly consts: readonly T[];
  readonly carries: readonly T[];
}

/** An `if`'s condition and operands. */
export const ifOperands = <T>(
  inputs: readonly T[],
): { readonly cond: T; readonly operands: readonly T[] } => {
  const [cond, ...operands] = inputs;
  return cond === undefined ? internal("an if without a condition") : { cond, operands };
};

export const whileOperands = <T>(
  inputs: readonly T[],
  { consts }: ControlParams["while"],
): LoopOperands<T> => ({
  trip: null,
  consts: inputs.slice(0, consts),
  carries: inputs.slice(consts),
});

export const forOperands = <T>(
  inputs: readonly T[],
  { trip, consts }: ControlParams["for"],
): LoopOperands<T> => {
  if (trip !== null) return { trip: null, consts: inputs.slice(0, consts), carries: inputs.slice(consts) };
  const [count, ...rest] = inputs;
  if (count === undefined) return internal("a for without its trip count");
  return { trip: count, consts: rest.slice(0, consts), carries: rest.slice(consts) };
};

/** The operands of a `for` in order. */
export const forInputs = <T>({ trip, consts, carries }: LoopOperands<T>): readonly T[] => [
  ...(trip === null ? [] : [trip]),
  ...consts,
  ...carries,
];

/** The regions by their keys, in print order. */
export const regionsOf = (eqn: ControlEqn): readonly (readonly [key: string, region: IrFunction])[] => {
  switch (eqn.op) {
    case "if":
      return [
        ["then", eqn.params.then],
        ["else", eqn.params.else],
      ];
    case "while":
      return [
        ["cond", eqn.params.cond],
        ["body", eqn.params.body],
      ];
    case "for":
      return [["body", eqn.params.body]];
    case "custom":
      return [
        ["body", eqn.params.body],
        ["rule", eqn.params.rule],
      ];
    case "fromTranspose":
      return [["transpose", eqn.params.transpose]];
    case "checkpoint":
      return [["body", eqn.params.body]];
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/** The equation with each region replaced; itself where none changes. `f` is given the region's place among them. */
export const mapRegionsAt = (
  eqn: ControlEqn,
  f: (region: IrFunction, k: number) => IrFunction,
): ControlEqn => {
  const images = regionsOf(eqn).map(([key, region], k) => [key, region, f(region, k)] as const);
  if (images.every(([, before, after]) => before === after)) return eqn;
  const params = { ...eqn.params, ...Object.fromEntries(images.map(([key, , after]) => [key, after])) };
  // the same keys with values of the same type
  return { ...eqn, params } as ControlEqn;
};

export const mapRegions = (eqn: ControlEqn, f: (region: IrFunction) => IrFunction): ControlEqn =>
  mapRegionsAt(eqn, (region) => f(region));

/** Types of values. */
export const typesOf = (vars: readonly Var[]) => vars.map((v) => v.type);
