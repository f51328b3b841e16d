/** The arguments of a call that is only thought of: abstract values by the parameters' types. */
import { numberNeeds, numberValue, unknownFor } from "../frontend/faults.js";
import type { Machine, Site } from "../frontend/machine.js";
import type { Transform } from "../frontend/registry.js";
import { tensorOf } from "../frontend/tensors.js";
import { arrayOf, objectOf, staticValue, type TensorValue, type Value } from "../frontend/values.js";
import { sizeOf, typeText } from "../ir/types.js";
import type { ArgumentType } from "./annotations.js";

/** Whether everything about the argument is known that a type can tell. */
export const isWhole = (type: ArgumentType): boolean => {
  switch (type.kind) {
    case "unknown":
      return false;
    case "array":
      return type.items.every(isWhole);
    case "object":
      return type.fields.every(([, field]) => isWhole(field));
    default:
      return true;
  }
};

/** Whether an argument or a part of it is a number by its type. Calls may pass an array of numbers for it. */
export const holdsNumber = (type: ArgumentType): boolean => {
  switch (type.kind) {
    case "number":
      return true;
    case "array":
      return type.items.some(holdsNumber);
    case "object":
      return type.fields.some(([, field]) => holdsNumber(field));
    default:
      return false;
  }
};

/** The argument with nothing known of its numbers. */
export const withoutNumbers = (type: ArgumentType): ArgumentType => {
  switch (type.kind) {
    case "number":
      return { kind: "unknown", cause: type.cause };
    case "array":
      return { kind: "array", items: type.items.map(withoutNumbers) };
    case "object":
      return {
        kind: "object",
        fields: type.fields.map(([key, field]) => [key, withoutNumbers(field)] as const),
      };
    default:
      return type;
  }
};

/** Number arrays up to this size may be needed as static values, as `runtime/signature` has it. */
const MAX_STATIC_ELEMENTS = 64;

/** Elements along the axis that vmap maps over: any number will do. */
const BATCH = 2;

type Axes = (Transform & { readonly kind: "vmap" })["inAxes"];

/** The argument that vmap takes for one of this type: with one more axis. Where the axes do not fit it, vmap says so itself. */
const batched = (type: ArgumentType, axes: Axes | undefined): ArgumentType => {
  if (axes === null) return type;
  switch (type.kind) {
    case "unknown":
    case "static":
      return type;
    case "number":
      return { kind: "tensor", type: { dtype: "f64", shape: [BATCH] }, numbers: type.cause };
    case "tensor": {
      const { shape, dtype } = type.type;
      const axis = typeof axes === "number" ? axes : 0;
      const at = Math.min(Math.max(axis < 0 ? axis + shape.length + 1 : axis, 0), shape.length);
      const wider = [...shape.slice(0, at), BATCH, ...shape.slice(at)];
      return { kind: "tensor", type: { dtype, shape: wider }, numbers: type.numbers };
    }
    case "array":
      return { kind: "array", items: type.items.map((item, k) => batched(item, partOf(axes, k))) };
    case "object":
      return {
        kind: "object",
        fields: type.fields.map(([key, field]) => [key, batched(field, partOf(axes, key))] as const),
      };
    default: {
      const never: never = type;
      return never;
    }
  }
};

/** The axes of a part of a tree. */
const partOf = (axes: Axes | undefined, key: string | number): Axes | undefined =>
  typeof axes !== "object" || axes === null
    ? axes
    : (axes as { readonly [key: string | number]: Axes | undefined })[key];

/** The arguments of a transformed function, from those of the function. */
export const throughTransform = (
  transform: Transform,
  types: readonly ArgumentType[],
): readonly ArgumentType[] => {
  if (transform.kind !== "vmap") return types;
  const { inAxes } = transform;
  return types.map((type, k) => batched(type, Array.isArray(inAxes) ? partOf(inAxes, k) : inAxes));
};

/** The abstract value of an argument. `label` names it in shape errors. */
export const argumentValue = (machine: Machine, type: ArgumentType, label: string): Value => {
  const site: Site = { machine, frame: null, node: null };
  switch (type.kind) {
    case "unknown":
      return unknownFor(type.cause);
    case "number":
      return numberValue(site, type.cause);
    case "static":
      return staticValue(type.value);
    case "tensor": {
      const hostArray = type.numbers !== null;
      const isSmall = sizeOf(type.type.shape) <= MAX_STATIC_ELEMENTS;
      const needs = type.numbers === null || !isSmall ? null : numberNeeds(type.numbers);
      const value: TensorValue = {
        ...tensorOf(site, machine.root.param(type.type), { hostArray, needs }),
        origin: { label: `${label} is ${typeText(type.type)}`, span: null },
        fixed: "argument",
      };
      if (hostArray) machine.owned.set(value, null);
      return value;
    }
    case "array":
      return arrayOf(
        type.items.map((item, k) => argumentValue(machine, item, `${label}[${k}]`)),
        "argument",
      );
    case "object":
      return objectOf(
        type.fields.map(([key, field]) => [key, argumentValue(machine, field, `${label}.${key}`)] as const),
        "argument",
      );
    default: {
      const never: never = type;
      return never;
    }
  }
};
