/** What storing in an array does to a value: the array's dtype, and JavaScript's conversions for typed arrays. */
import { isFloat, type Shape, type Var } from "../ir/types.js";
import { describe } from "./describe.js";
import { touch } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { lift, refuseUnmerged, varOf } from "./tensors.js";
import { isStatic, type Store, type TensorValue, type Value } from "./values.js";
import { claim } from "./views.js";

const CONVERT: Readonly<Record<Store, (x: number) => number>> = {
  f32: Math.fround,
  f64: (x) => x,
  i8: (x) => (x << 24) >> 24,
  u8: (x) => x & 0xff,
  u8c: (x) => Uint8ClampedArray.of(x)[0] ?? 0,
  i16: (x) => (x << 16) >> 16,
  u16: (x) => x & 0xffff,
  i32: (x) => x | 0,
  u32: (x) => x >>> 0,
};

/** A known number as the typed array stores it. */
export const storedNumber = (store: Store, x: number): number => CONVERT[store](x);

/** Sign-extends the low `bits` bits. */
const low = ({ machine: { builder } }: Site, word: Var, bits: number): Var => {
  const count = builder.fill(word, 32 - bits);
  return builder.shr(builder.shl(word, count), count);
};

/** A staged number (or array) as the typed array stores it; integers that are no wider than 32 bits. */
export const storedVar = (site: Site, store: Store, v: Var): Var => {
  const { builder } = site.machine;
  const { dtype } = v.type;
  if (store === "f32" || store === "f64") return builder.cast(v, store);
  if (store === "u8c") {
    const x = builder.cast(v, "f64");
    const whole = builder.rint(x); // ties to even, as ToUint8Clamp
    const clamped = builder.min(builder.max(whole, builder.zerosLike(x)), builder.fill(x, 255));
    return builder.cast(builder.select(builder.eq(x, x), clamped, builder.zerosLike(x)), "i32");
  }
  const word =
    dtype === "i32"
      ? v
      : dtype === "u32"
        ? builder.emit("bitcast", [v], { dtype: "i32" })
        : dtype === "bool"
          ? builder.cast(v, "i32")
          : builder.toInt32(builder.cast(v, "f64"));
  switch (store) {
    case "i8":
      return low(site, word, 8);
    case "i16":
      return low(site, word, 16);
    case "u8":
      return builder.and(word, builder.fill(word, 0xff));
    case "u16":
      return builder.and(word, builder.fill(word, 0xffff));
    case "i32":
      return word;
    case "u32":
      return builder.emit("bitcast", [word], { dtype: "u32" });
    default: {
      const never: never = store;
      return never;
    }
  }
};

/** A value in the dtype of an array without a store: what does not fit is refused. */
const plainVar = (site: Site, value: TensorValue, like: TensorValue, what: string): Var => {
  const { builder } = site.machine;
  const v = varOf(site, value);
  const { dtype } = like.v.type;
  const from = v.type.dtype;
  const fits =
    from === dtype ||
    (isFloat(dtype) && from !== "bool" && (from !== "f64" || value.weak || dtype === "f64")) ||
    (isFloat(dtype) && !like.weak && from === "bool");
  if (!fits)
    return refuse(
      site,
      "TSJ1042",
      `${what} of ${describe(like)} is set to ${describe(value)}`,
      dtype === "bool"
        ? "keep booleans and numbers in arrays of their own"
        : "convert the value first: Math.floor, | 0, astype",
    );
  return builder.cast(v, dtype);
};

type Update = (lead: Shape, write: (block: Var) => Var) => void;

/** Converts `value` for an element of `root`; the function given writes it and replaces the array's content. */
export const storedAs = (site: Site, value: Value, root: TensorValue, what: string): Update => {
  const { machine } = site;
  const { builder } = machine;
  const { store } = root;
  const { dtype } = root.v.type;
  let v: Var;
  if (isStatic(value) && value.value === undefined && isFloat(dtype)) v = builder.scalar(Number.NaN, dtype);
  else if (isStatic(value) && typeof value.value === "number" && (store !== null || dtype !== "bool")) {
    const x = value.value;
    if (store === null && !isFloat(dtype) && (x | 0) !== x && (dtype !== "u32" || x >>> 0 !== x))
      refuse(site, "TSJ1042", `${what} of ${describe(root)} is set to ${x}`);
    v = builder.scalar(
      store === null ? (dtype === "f32" ? Math.fround(x) : x) : storedNumber(store, x),
      dtype,
    );
  } else {
    if (value.kind === "unmerged" && store === null) return refuseUnmerged(site, value);
    const x = lift(site, value, what);
    if (x.v.type.shape.length > 0)
      refuse(
        site,
        "TSJ1042",
        `${what} of ${describe(root)} is set to ${describe(x)}`,
        "an element is one number",
      );
    v = store === null ? plainVar(site, x, root, what) : storedVar(site, store, varOf(site, x));
  }
  return (lead, write) => {
    const next = write(builder.reshape(v, lead));
    touch(machine, root);
    claim(site, root);
    root.v = next;
    root.builder = machine.builder;
    root.needs = null;
  };
};
