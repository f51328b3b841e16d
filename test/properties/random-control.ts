/** Random equations with regions. Every loop ends: it runs at most four times. */
import {
  type IrFunction,
  isFloat,
  sameType,
  type TensorType,
  typeText,
  type Var,
} from "../../compiler/ir/types.js";
import type { Context } from "./random-ir.js";

/** A `for` with a static trip count, one with its count as an operand, ... */
export type ControlForm = "if" | "for" | "dynamicFor" | "while";
export const CONTROL_FORMS: readonly ControlForm[] = ["if", "for", "dynamicFor", "while"];

/** Builds a region: params, then random steps, then results of the wanted types, chosen from all its values. */
export type RandomRegion = (
  types: readonly TensorType[],
  wanted: (values: readonly Var[], inner: Context) => readonly Var[],
) => IrFunction;

const MOST = 4;
const INDEX: TensorType = { dtype: "i32", shape: [] };
const isScalar = (dtype: TensorType["dtype"]) => (t: TensorType) => t.dtype === dtype && t.shape.length === 0;

/** One to `most` values, perhaps the same twice. */
const some = (c: Context, least: number, most: number): readonly Var[] =>
  Array.from({ length: least + c.int(most - least + 1) }, () => c.value()).filter((v) => v !== null);

/** A condition: one of the program's, a comparison of one of its numbers, or a constant. */
const condition = (c: Context): Var => {
  const known = c.value(isScalar("bool"));
  if (known !== null && c.int(2) === 0) return known;
  const x = c.value((t) => t.dtype !== "bool");
  if (x === null || x.type.shape.includes(0)) return c.b.scalar(c.int(2), "bool");
  const first = c.b.reshape(
    c.b.emit("slice", [x], {
      start: x.type.shape.map(() => 0),
      limit: x.type.shape.map(() => 1),
      stride: x.type.shape.map(() => 1),
    }),
    [],
  );
  return c.b.gt(first, c.b.fill(first, isFloat(x.type.dtype) ? 0.3 : 1));
};

/** The last values are likelier; a param of the region if there is nothing else. */
const lastOf = (values: readonly Var[], inner: Context, type: TensorType): Var => {
  const fitting = values.filter((v) => sameType(v.type, type)).toReversed();
  const found = fitting[Math.min(inner.int(3), fitting.length - 1)];
  if (found === undefined) throw new RangeError(`a region has no ${typeText(type)}`);
  return found;
};

export const randomControl = (c: Context, form: ControlForm, region: RandomRegion): readonly Var[] => {
  switch (form) {
    case "if": {
      const operands = some(c, 1, 4);
      const types = operands.map((v) => v.type);
      const results = types.filter(() => c.int(3) > 0);
      const side = () => region(types, (values, inner) => results.map((t) => lastOf(values, inner, t)));
      return c.b.emitAll("if", [condition(c), ...operands], { then: side(), else: side() });
    }
    case "for":
    case "dynamicFor": {
      const consts = some(c, 0, 2);
      const carries = some(c, 1, 3);
      const trip = form === "for" ? c.int(MOST + 1) : null;
      const known = c.value(isScalar("i32")) ?? c.b.scalar(c.int(MOST), "i32");
      const counts = trip === null ? [c.b.min(known, c.b.scalar(MOST, "i32"))] : [];
      const types = [INDEX, ...[...consts, ...carries].map((v) => v.type)];
      const body = region(types, (values, inner) => carries.map((v) => lastOf(values, inner, v.type)));
      return c.b.emitAll("for", [...counts, ...consts, ...carries], { trip, consts: consts.length, body });
    }
    case "while": {
      const consts = some(c, 0, 2);
      const carries = some(c, 1, 3);
      const start = c.b.scalar(c.int(MOST) + 1, "i32");
      const types = [...[...consts, start, ...carries].map((v) => v.type)];
      const at = consts.length;
      const counterOf = (params: readonly Var[], inner: Context): Var =>
        params[at] ?? inner.b.scalar(0, "i32");
      const cond = region(types, (values, inner) => {
        const below = inner.b.lt(counterOf(values, inner), inner.b.scalar(MOST, "i32"));
        return [inner.b.and(below, condition(inner))];
      });
      const body = region(types, (values, inner) => [
        inner.b.add(counterOf(values, inner), inner.b.scalar(1, "i32")),
        ...carries.map((v) => lastOf(values, inner, v.type)),
      ]);
      return c.b.emitAll("while", [...consts, start, ...carries], { consts: at, cond, body });
    }
    default: {
      const never: never = form;
      return never;
    }
  }
};
