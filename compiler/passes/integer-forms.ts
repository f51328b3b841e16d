/**
 * How a whole number in a double is handed over in an i32: as that number; as the bits of a u32; or as what ToInt32 gives,
 * where nothing but that is asked of it.
 */
import type { Builder } from "../ir/builder.js";
import { ifOperands, regionsOf } from "../ir/control.js";
import { type IrFunction, isControl, isFloat, type Var } from "../ir/types.js";
import { I32, neverMinusZero, type Range, U32, within } from "./range.js";

export type IntegerForm = "i32" | "u32" | "bits";

/** What is asked of a value: nothing but ToInt32; that and more; other things, or nothing. */
export type Asked = "bits" | "both" | "number";

/** The form of a number in this range; null for what has none. */
export const formOf = (r: Range | null, asked: () => Asked): IntegerForm | null => {
  if (r?.int !== true) return null;
  if (neverMinusZero(r) && within(r, I32)) return "i32";
  const uses = asked();
  if (uses === "bits") return "bits";
  return uses === "both" && neverMinusZero(r) && within(r, U32) ? "u32" : null;
};

/** Whether ToInt32 of a value is computed here or in the sides of branches. */
export const bitsAsked = (fn: IrFunction, v: Var): boolean =>
  fn.body.some((eqn) => {
    if (!eqn.inputs.includes(v)) return false;
    if (eqn.op === "toInt32") return true;
    if (eqn.op !== "if") return false;
    const at = ifOperands(eqn.inputs).operands.indexOf(v);
    return regionsOf(eqn).some(([, region]) => {
      const param = region.params[at];
      return param !== undefined && bitsAsked(region, param);
    });
  });

/** The double again. */
export const fromForm = (b: Builder, v: Var, form: IntegerForm): Var =>
  b.cast(form === "u32" ? b.emit("bitcast", [v], { dtype: "u32" }) : v, "f64");

/** The i32 for a double; the cast of one that does not fit would fail. */
export const toForm = (b: Builder, v: Var, form: IntegerForm): Var =>
  form === "i32" ? b.cast(v, "i32") : b.emit("toInt32", [v], {});

/**
 * Whether ToInt32 is all that is asked of a value: by itself, behind choices, and in the sides of branches. `resultOk` says so
 * of the function's results.
 */
export const onlyBitsAsked = (fn: IrFunction, v: Var, resultOk: (k: number) => boolean): boolean => {
  if (fn.results.some((r, k) => r === v && !resultOk(k))) return false;
  return fn.body.every((eqn) => {
    const at = eqn.inputs.flatMap((x, k) => (x === v ? [k] : []));
    if (at.length === 0 || eqn.op === "toInt32") return true;
    if (eqn.op === "select") return !at.includes(0) && onlyBitsAsked(fn, eqn.outs[0], resultOk);
    if (eqn.op !== "if" || at.includes(0)) return false;
    const { operands } = ifOperands(eqn.inputs);
    return regionsOf(eqn).every(([, region]) =>
      operands.every((x, k) => {
        const param = region.params[k];
        return (
          x !== v ||
          param === undefined ||
          onlyBitsAsked(region, param, (r) => {
            const out = eqn.outs[r];
            return out !== undefined && onlyBitsAsked(fn, out, resultOk);
          })
        );
      }),
    );
  });
};

/** Whether a result is computed from integers alone, those of its params that are swapped among them. */
export const madeOfIntegers = (
  region: IrFunction,
  result: number,
  swapped: ReadonlyMap<number, IntegerForm>,
): boolean => {
  const definitions = new Map(region.body.flatMap((eqn) => eqn.outs.map((v) => [v, eqn] as const)));
  const known = new Map<Var, boolean>();
  const test = (v: Var | undefined): boolean => {
    if (v === undefined) return false;
    const before = known.get(v);
    if (before !== undefined) return before;
    const value = find(v);
    known.set(v, value);
    return value;
  };
  const find = (v: Var): boolean => {
    const eqn = definitions.get(v);
    if (eqn === undefined) return swapped.has(region.params.indexOf(v));
    const [x, y, z] = eqn.inputs;
    switch (eqn.op) {
      case "const":
        return true;
      case "cast":
        return x !== undefined && !isFloat(x.type.dtype);
      case "add":
      case "sub":
      case "mul":
      case "min":
      case "max":
        return test(x) && test(y);
      case "select":
        return test(y) && test(z);
      default:
        return isControl(eqn);
    }
  };
  return test(region.results[result]);
};
