/** Array methods on staged arrays: callbacks run in a loop of the program, each element is read when its turn comes. */
import { createBuilder } from "../ir/builder.js";
import type { TensorType } from "../ir/types.js";
import { chooseCompletion } from "./branches.js";
import { callValue } from "./calls.js";
import type { Completion } from "./completions.js";
import { condition } from "./conditions.js";
import type { Binding } from "./environment.js";
import { isUnrolled, runIndexed } from "./item-loops.js";
import { itemsOf, type Sequence } from "./iterate.js";
import { setBinding } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { binary } from "./operators.js";
import { tryRegion, withRows } from "./regions.js";
import { toNumber } from "./reify.js";
import { setItem, stagedArray } from "./staged-arrays.js";
import { setElement } from "./tensor-members.js";
import { isLeaf, tensorOf, varOf } from "./tensors.js";
import {
  type ArrayValue,
  arrayOf,
  isStatic,
  nextSerial,
  type Store,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

export type Receiver = ArrayValue | TensorValue;
export type Method = (site: Site, self: Receiver, args: readonly Value[]) => Value;

const at = (args: readonly Value[], k: number): Value => args[k] ?? UNDEFINED;
const BREAK: Completion = { kind: "break", label: null };

const cell = (value: Value): Binding => ({ value, constant: false, born: nextSerial() });
const held = ({ value }: Binding): Value => value ?? UNDEFINED;

/** The kind of a typed array, whose `map` gives the same kind. */
const storeOf = (self: Receiver): Store | null => (self.kind === "tensor" ? self.store : null);

/** `body` for each element in turn; a break ends it. */
const each = (site: Site, self: Receiver, body: (item: Value, k: Value) => Completion): Completion => {
  const items: Sequence = itemsOf(site, self);
  return runIndexed(site, items.length(), (k) => body(items.at(site, indexOf(k)), k), {
    stageable: items.stageable,
  });
};
export const indexOf = (k: Value): number | TensorValue =>
  k.kind === "tensor" ? k : Number(isStatic(k) ? k.value : 0);

/** Breaks where a condition holds, after `then`. */
const breakIf = (site: Site, test: Value, then: () => void): Completion =>
  chooseCompletion(
    site,
    condition(site, test, "the function's result"),
    () => {
      then();
      return BREAK;
    },
    () => null,
  );

/** What a function gives for a general element: found by running it once and dropping what it did. */
const probe = (
  site: Site,
  self: Value,
  fn: Value,
  n: number,
  read: (k: TensorValue) => Value,
): TensorType | null => {
  const trial = withRows(site, () => {
    const builder = createBuilder();
    return tryRegion(site, builder, null, () => {
      const v = builder.cast(builder.param({ dtype: "i32", shape: [] }), "f64");
      const k = tensorOf(site, v, { weak: true });
      return typeOfResult(callValue(site, fn, [read(k), k, self]));
    });
  });
  return n === 0 ? null : trial.result;
};

const typeOfResult = (result: Value): TensorType | null => {
  if (isStatic(result))
    return typeof result.value === "number"
      ? { dtype: "f64", shape: [] }
      : typeof result.value === "boolean"
        ? { dtype: "bool", shape: [] }
        : null;
  if (result.kind === "tensor") return result.weak && result.v.type.shape.length === 0 ? result.v.type : null;
  if (result.kind !== "array" || result.fixed !== null) return null;
  if (result.held.kind === "staged") return result.held.rows.weak ? result.held.rows.v.type : null;
  const [first] = result.held.list;
  const type = first === undefined ? null : typeOfResult(first);
  const alike = result.held.list.every((item) => isLeaf(item) && typeOfResult(item)?.dtype === type?.dtype);
  return type === null || !alike
    ? null
    : { dtype: type.dtype, shape: [result.held.list.length, ...type.shape] };
};

/** Elements from which a map becomes a loop. */
export const mapItems = (
  site: Site,
  self: Value,
  n: number,
  fn: Value,
  read: (k: Value) => Value,
  stageable: boolean,
): Value => {
  const { builder } = site.machine;
  const type = !stageable || isUnrolled(site, n) ? null : probe(site, self, fn, n, (k) => read(k));
  if (type === null) {
    const list: Value[] = [];
    for (let k = 0; k < n; k++) list.push(callValue(site, fn, [read(staticValue(k)), staticValue(k), self]));
    return arrayOf(list);
  }
  const full: TensorType = { dtype: type.dtype, shape: [n, ...type.shape] };
  const rows = tensorOf(site, builder.splat(0, full), { weak: true, hostArray: true });
  const out = stagedArray(site, rows);
  runIndexed(
    site,
    n,
    (k) => {
      setItem(site, out, indexOf(k), callValue(site, fn, [read(k), k, self]));
      return null;
    },
    { stageable: true },
  );
  return out;
};

const typedMap = (site: Site, self: TensorValue, store: Store, fn: Value): Value => {
  const { type } = self.v;
  const out = tensorOf(site, site.machine.builder.splat(0, type), { hostArray: true, store });
  each(site, self, (item, k) => {
    setElement(site, out, k, callValue(site, fn, [item, k, self]));
    return null;
  });
  return out;
};

/** The bounds of slice and fill, which must be known. */
export const range = (
  site: Site,
  args: readonly Value[],
  from: number,
  n: number,
): readonly [number, number] => {
  const relative = (value: Value, missing: number): number => {
    if (isStatic(value) && value.value === undefined) return missing;
    const k = Math.trunc(toNumber(site, value, "a bound of a part of an array"));
    return k < 0 ? Math.max(0, n + k) : Math.min(k, n);
  };
  return [relative(at(args, from), 0), relative(at(args, from + 1), n)];
};

export const contentOf = (self: Receiver): TensorValue | null =>
  self.kind === "tensor" ? self : self.held.kind === "staged" ? self.held.rows : null;

/** A part of an array as a copy of the same kind. */
export const slice: Method = (site, self, args) => {
  const x = contentOf(self);
  if (x === null) return UNDEFINED;
  const v = varOf(site, x);
  const { shape } = v.type;
  const [start, stop] = range(site, args, 0, shape[0] ?? 0);
  const isPlain = self.kind === "array" || (x.hostArray && x.store === null);
  if (isPlain && shape.length > 1) {
    // A shallow copy has the same rows.
    const items = itemsOf(site, self);
    return arrayOf(Array.from({ length: Math.max(0, stop - start) }, (_, k) => items.at(site, start + k)));
  }
  const { builder } = site.machine;
  const part =
    start === 0 && stop === shape[0]
      ? v
      : builder.emit("slice", [v], {
          start: shape.map((_, k) => (k === 0 ? start : 0)),
          limit: shape.map((d, k) => (k === 0 ? Math.max(start, stop) : d)),
          stride: shape.map(() => 1),
        });
  const { weak, hostArray, store, needs } = x;
  if (!isPlain) return tensorOf(site, part, { weak, hostArray, store, needs });
  return stagedArray(site, tensorOf(site, part, { weak: true, hostArray: true, needs, holes: x.holes }));
};

export const reversed: Method = (site, self) => {
  const x = contentOf(self);
  if (x === null) return UNDEFINED;
  const isPlain = self.kind === "array" || (x.hostArray && x.store === null);
  if (isPlain && x.v.type.shape.length > 1) {
    const items = itemsOf(site, self);
    const n = items.length();
    return arrayOf(Array.from({ length: n }, (_, k) => items.at(site, n - 1 - k)));
  }
  const { weak, hostArray, store } = x;
  const v = site.machine.builder.emit("reverse", [varOf(site, x)], { axes: [0] });
  return isPlain
    ? stagedArray(site, tensorOf(site, v, { weak: true, hostArray: true }))
    : tensorOf(site, v, { weak, hostArray, store });
};

const search =
  (found: (k: Value, item: Value) => Value, missing: Value) =>
  (site: Site, self: Receiver, test: (item: Value, k: Value) => Value): Value => {
    const result = cell(missing);
    each(site, self, (item, k) =>
      breakIf(site, test(item, k), () => setBinding(site.machine, result, found(k, item))),
    );
    return held(result);
  };
const called =
  (run: ReturnType<typeof search>): Method =>
  (site, self, args) =>
    run(site, self, (item, k) => callValue(site, at(args, 0), [item, k, self]));

const TRUE = staticValue(true);
const FALSE = staticValue(false);
const indexOfItem = search((k) => k, staticValue(-1));
const hasItem = search(() => TRUE, FALSE);

export const STAGED_METHODS: Readonly<Record<string, Method>> = {
  map: (site, self, args) => {
    const store = storeOf(self);
    if (self.kind === "tensor" && store !== null && self.v.type.shape.length === 1)
      return typedMap(site, self, store, at(args, 0));
    const items = itemsOf(site, self);
    return mapItems(
      site,
      self,
      items.length(),
      at(args, 0),
      (k) => items.at(site, indexOf(k)),
      items.stageable,
    );
  },
  forEach: (site, self, args) => {
    each(site, self, (item, k) => {
      callValue(site, at(args, 0), [item, k, self]);
      return null;
    });
    return UNDEFINED;
  },
  reduce: (site, self, args) => reduce(site, self, args, false),
  reduceRight: (site, self, args) => reduce(site, self, args, true),
  some: called(search(() => TRUE, FALSE)),
  every: (site, self, args) => {
    const all = cell(TRUE);
    each(site, self, (item, k) =>
      chooseCompletion(
        site,
        condition(site, callValue(site, at(args, 0), [item, k, self]), "the result of every's function"),
        () => null,
        () => {
          setBinding(site.machine, all, FALSE);
          return BREAK;
        },
      ),
    );
    return held(all);
  },
  find: called(search((_, item) => item, UNDEFINED)),
  findIndex: called(search((k) => k, staticValue(-1))),
  indexOf: (site, self, args) => indexOfItem(site, self, (item) => binary(site, "===", item, at(args, 0))),
  includes: (site, self, args) => hasItem(site, self, (item) => binary(site, "===", item, at(args, 0))),
  slice,
  toReversed: reversed,
  with: (site, self, args) => {
    const copy = slice(site, self, []);
    if (copy.kind === "tensor") setElement(site, copy, at(args, 0), at(args, 1));
    else if (copy.kind === "array") setItem(site, copy, indexOf(at(args, 0)), at(args, 1));
    return copy;
  },
  at: (site, self, args) => {
    const items = itemsOf(site, self);
    const k = Math.trunc(toNumber(site, at(args, 0), "an index"));
    const i = k < 0 ? items.length() + k : k;
    return i >= 0 && i < items.length() ? items.at(site, i) : UNDEFINED;
  },
};

const reduce = (site: Site, self: Receiver, args: readonly Value[], right: boolean): Value => {
  const items = itemsOf(site, self);
  const n = items.length();
  const given = args.length > 1;
  if (!given && n === 0) return refuse(site, "TSJ1050", "reduce of an empty array needs an initial value");
  const skip = given ? 0 : 1;
  const total = cell(given ? at(args, 1) : items.at(site, right ? n - 1 : 0));
  runIndexed(
    site,
    n - skip,
    (j) => {
      const k = right
        ? binary(site, "-", staticValue(n - 1 - skip), j)
        : skip === 0
          ? j
          : binary(site, "+", j, staticValue(skip));
      const item = items.at(site, indexOf(k));
      setBinding(site.machine, total, callValue(site, at(args, 0), [held(total), item, k, self]));
      return null;
    },
    { stageable: items.stageable },
  );
  return held(total);
};
