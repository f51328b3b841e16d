/** Functions of JavaScript's own objects that work on abstract values, and those that compiled code must not call. */
import type { Var } from "../ir/types.js";
import { newArray, typedArray } from "./construct.js";
import { deepCopy } from "./copies.js";
import { describe } from "./describe.js";
import { openHost } from "./hosts.js";
import { isJsArray, itemsOf, iterate } from "./iterate.js";
import { scoped } from "./library-scopes.js";
import { refuse, type Site } from "./machine.js";
import { MATH } from "./math.js";
import { setMember } from "./member-writes.js";
import { getMember } from "./members.js";
import { defineProperty } from "./names.js";
import { applyBinary, applyUnary } from "./operators.js";
import { promote } from "./promote.js";
import { toHost } from "./reify.js";
import { indexOf } from "./searches.js";
import { copyOfGrown, settled } from "./settled.js";
import { stagedArray } from "./staged-arrays.js";
import { mapItems } from "./staged-methods.js";
import { derived, refuseUnmerged, requireMerged, tensorOf, varOf } from "./tensors.js";
import type { AnyFunction } from "./types.js";
import {
  arrayOf,
  isNullish,
  isStatic,
  keysOf,
  type ObjectValue,
  objectOf,
  staticValue,
  UNDEFINED,
  type Value,
} from "./values.js";

type Handler = (site: Site, args: readonly Value[], self: Value) => Value;

const at = (args: readonly Value[], k: number): Value => args[k] ?? UNDEFINED;

/** A plain object or array as an object. */
const objectArg = (site: Site, value: Value, name: string): ObjectValue => {
  const opened = value.kind === "host" ? openHost(site, value) : value;
  requireMerged(site, opened);
  if (opened.kind === "object") return opened;
  if (opened.kind === "array") return objectOf(opened.items.map((item, k) => [String(k), item] as const));
  if (isStatic(opened) && typeof opened.value === "object" && opened.value !== null)
    return objectOf(
      Object.keys(opened.value).map((key) => [key, getMember(site, opened, staticValue(key))] as const),
    );
  return refuse(site, "TSJ1052", `${name} needs a plain object, not ${describe(value)}`);
};
const entriesOf = (object: ObjectValue): readonly (readonly [string, Value])[] =>
  keysOf(object).map((key) => [key, object.props.get(key) ?? UNDEFINED] as const);

const arrayFrom: Handler = (site, args) => {
  const source = at(args, 0);
  const map = args[1];
  const plain = map === undefined || (isStatic(map) && map.value === undefined);
  if (source.kind === "object") {
    const list = sized(site, source);
    if (plain) return arrayOf(list);
    return mapItems(
      site,
      UNDEFINED,
      staticValue(list.length),
      map,
      (k) => (isStatic(k) ? (list[Number(k.value)] ?? UNDEFINED) : UNDEFINED),
      source.props.size === 1,
    );
  }
  if (plain) return copyOf(site, source);
  // Each element is read when its turn comes.
  const items = itemsOf(site, source);
  const item = (k: Value): Value => items.at(site, isStatic(k) ? Number(k.value) : indexOf(k));
  return mapItems(site, UNDEFINED, items.count(), map, item, items.stageable);
};

/** The elements of an iterable as a new array. */
export const copyOf = (site: Site, source: Value): Value => {
  if (source.kind === "array" && source.held.kind === "grown" && source.held.length.base !== null)
    return copyOfGrown(site, source);
  const own = source.kind === "array" ? settled(site, source) : source;
  const content = own.kind === "array" && own.held.kind === "staged" ? own.held.rows : own;
  if (content.kind !== "tensor" || content.v.type.shape.length !== 1) return arrayOf(iterate(site, source));
  const { weak, hostArray, needs, holes } = content;
  const v = varOf(site, content);
  if (!hostArray && !weak) return stagedArray(site, tensorOf(site, v, { needs }));
  const dtype = v.type.dtype === "bool" ? "bool" : "f64";
  return stagedArray(
    site,
    tensorOf(site, site.machine.builder.cast(v, dtype), { weak: true, hostArray: true, needs, holes }),
  );
};

/** `Float64Array.from`: the elements, mapped first and converted then. */
const typedFrom: Handler = (site, args, self) => {
  const fn = self.kind === "function" && self.callee.kind === "host" ? self.callee.fn : null;
  if (fn === null) return refuse(site, "TSJ1041", "`from` of an unknown typed array is not compiled");
  // Unlike Array.from, it reads all elements before any of them is mapped.
  const source = at(args, 0);
  const read = source.kind === "object" ? source : copyOf(site, source);
  return typedArray(site, fn, arrayFrom(site, [read, ...args.slice(1)], self));
};
const typedOf: Handler = (site, args, self) => typedFrom(site, [arrayOf(args)], self);

/** `{ length: n }` as n times undefined. */
const sized = (site: Site, object: ObjectValue): readonly Value[] => {
  const n = toHost(site, object.props.get("length") ?? staticValue(0), "the length of an array") as number;
  return Array.from({ length: n }, (_, k) => object.props.get(String(k)) ?? UNDEFINED);
};

const assign: Handler = (site, args) => {
  const target = at(args, 0);
  for (const source of args.slice(1)) {
    if (isNullish(source)) continue;
    for (const [key, value] of entriesOf(objectArg(site, source, "Object.assign")))
      setMember(site, target, staticValue(key), value);
  }
  return target;
};

/** Without copying: writes are refused from now on, on the paths too that did not freeze it. */
const frozen = (value: Value): Value => {
  if (value.kind === "array" || value.kind === "object") value.fixed ??= "frozen";
  return value;
};

const isArray: Handler = (site, args) => {
  const value = at(args, 0);
  if (value.kind === "unmerged") requireMerged(site, value);
  return staticValue(isJsArray(value));
};

/** Only where an operand is staged; JavaScript answers for the rest. Functions of one operand ignore what `map` adds. */
const staged =
  (fn: AnyFunction, handler: Handler): Handler =>
  (site, given, self) => {
    const args = fn.length === 1 ? given.slice(0, 1) : given;
    return args.every((a) => a.kind === "static")
      ? staticValue(
          Reflect.apply(
            fn as (...xs: unknown[]) => unknown,
            undefined,
            args.map((a) => (a.kind === "static" ? a.value : undefined)),
          ),
        )
      : handler(site, args, self);
  };

/** Natively they would change a copy. */
const MUTATORS: readonly AnyFunction[] = [
  ...[Object.defineProperties, Object.setPrototypeOf],
  ...[Reflect.set, Reflect.defineProperty, Reflect.deleteProperty, Reflect.setPrototypeOf],
];
const refuseMutation =
  (fn: AnyFunction): Handler =>
  (site) =>
    refuse(
      site,
      "TSJ1040",
      `${fn.name} is not compiled: it changes an object`,
      "assign to the property, or make a new object: { ...object, key: value }",
    );

/** What makes no number of undefined and null: these are told apart first. */
const ofNumbers =
  (handler: Handler): Handler =>
  (site, args, self) => {
    const [x = UNDEFINED] = args;
    return x.kind === "unmerged" ? refuseUnmerged(site, x) : handler(site, args, self);
  };
const isNaNHandler: Handler = (site, args) =>
  applyBinary(site, "ne", "arithmetic", [at(args, 0), at(args, 0)], "isNaN");
/** |x| < Infinity */
const isFiniteHandler: Handler = (site, args) => {
  const size = applyUnary(site, "abs", "float", at(args, 0), "isFinite");
  return applyBinary(site, "lt", "order", [size, staticValue(Number.POSITIVE_INFINITY)], "isFinite");
};
/** floor(x) = x, and finite */
const isIntegerHandler: Handler = (site, args) => {
  const x = at(args, 0);
  if (x.kind !== "tensor") return staticValue(false);
  const { builder } = site.machine;
  const { vars, weak } = promote(site, [x], "float", "Number.isInteger");
  const [v] = vars as readonly [Var];
  const whole = builder.eq(builder.floor(v), v);
  const finite = builder.lt(builder.abs(v), builder.fill(v, Number.POSITIVE_INFINITY));
  return derived(site, [x], builder.and(whole, finite), weak);
};

const MATH_HANDLERS = [...MATH].map(([fn, handler]) => [fn, staged(fn, handler)] as const);

const HANDLERS: ReadonlyMap<AnyFunction, Handler> = new Map<AnyFunction, Handler>([
  ...MATH_HANDLERS,
  ...MUTATORS.map((fn) => [fn, refuseMutation(fn)] as const),
  [
    Object.keys,
    (site, args) => arrayOf(keysOf(objectArg(site, at(args, 0), "Object.keys")).map(staticValue)),
  ],
  [
    Object.values,
    (site, args) => arrayOf(entriesOf(objectArg(site, at(args, 0), "Object.values")).map(([, v]) => v)),
  ],
  [
    Object.entries,
    (site, args) =>
      arrayOf(
        entriesOf(objectArg(site, at(args, 0), "Object.entries")).map(([key, v]) =>
          arrayOf([staticValue(key), v]),
        ),
      ),
  ],
  [
    Object.fromEntries,
    (site, args) =>
      objectOf(
        iterate(site, at(args, 0)).map((pair) => {
          const [key = UNDEFINED, value = UNDEFINED] = iterate(site, pair);
          return [String(toHost(site, key, "a property key")), value] as const;
        }),
      ),
  ],
  [Object.assign, assign],
  [scoped, (_, args) => at(args, 0)],
  [Object.defineProperty, defineProperty],
  [Object.freeze, (_, args) => frozen(at(args, 0))],
  [
    Object.hasOwn,
    (site, args) =>
      staticValue(
        objectArg(site, at(args, 0), "Object.hasOwn").props.has(
          String(toHost(site, at(args, 1), "a property key")),
        ),
      ),
  ],
  [structuredClone, (site, args) => deepCopy(site, at(args, 0), new Map())],
  [Array, (site, args) => newArray(site, args)],
  [Array.from, arrayFrom],
  [Array.of, (_, args) => arrayOf(args)],
  [Float64Array.from, typedFrom],
  [Float64Array.of, typedOf],
  [Array.isArray, isArray],
  [Number.isNaN, staged(Number.isNaN, ofNumbers(isNaNHandler))],
  // biome-ignore lint/suspicious/noGlobalIsNan: the user's program may call it
  [isNaN, staged(isNaN, isNaNHandler)],
  [Number.isFinite, staged(Number.isFinite, ofNumbers(isFiniteHandler))],
  // biome-ignore lint/suspicious/noGlobalIsFinite: the user's program may call it
  [isFinite, staged(isFinite, isFiniteHandler)],
  [Number.isInteger, staged(Number.isInteger, ofNumbers(isIntegerHandler))],
  [Number, staged(Number, (site, args) => applyUnaryPlus(site, at(args, 0)))],
]);

const applyUnaryPlus = (site: Site, value: Value): Value => {
  const { vars, weak } = promote(site, [value], "arithmetic", "Number");
  const [x] = vars as readonly [Var];
  return derived(site, [value], x, weak);
};

export const nativeHandler = (fn: AnyFunction): Handler | undefined => HANDLERS.get(fn);
