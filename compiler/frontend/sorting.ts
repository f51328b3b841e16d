/** `sort` and `toSorted`: in place, stable, by a loop of the program with the comparison inlined. */
import { createBuilder } from "../ir/builder.js";
import { isFloat, type Var } from "../ir/types.js";
import { assemble, flatten, typesOf } from "./assemble.js";
import { callValue, inlineOwn } from "./calls.js";
import { type Form, join } from "./forms.js";
import type { Meeting } from "./identities.js";
import { itemsOf } from "./iterate.js";
import { touch } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { binary } from "./operators.js";
import { contentOf, type Receiver } from "./parts.js";
import { tryRegion, withRows } from "./regions.js";
import { isKnown, toHost, toNumber } from "./reify.js";
import { indexOf } from "./searches.js";
import { countNegativeZeros, mergeSort, orderZeros } from "./sorts.js";
import { stagedArray, tryStageRows } from "./staged-arrays.js";
import { tensorOf, varOf } from "./tensors.js";
import {
  type ArrayValue,
  builtin,
  isStatic,
  lengthOf,
  nextSerial,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";
import { replaceContent } from "./views.js";

const isMissing = (value: Value): boolean => isStatic(value) && value.value === undefined;

/** `compare(x, y) > 0`; a NaN counts as equal. */
const greaterBy = (compare: Value): Value =>
  builtin("greater", ([x = UNDEFINED, y = UNDEFINED], site) =>
    binary(site, ">", callValue(site, compare, [x, y]), staticValue(0)),
  );

/** The order of typed arrays, but for the sign of zero: NaN is behind everything. */
const greaterNumber = (float: boolean): Value =>
  builtin("greater", ([x = UNDEFINED, y = UNDEFINED], site) => {
    const more = binary(site, ">", x, y);
    if (!float || more.kind !== "tensor") return more;
    const notNumber = binary(site, "!==", x, x);
    if (notNumber.kind !== "tensor") return more;
    const { builder } = site.machine;
    return tensorOf(site, builder.or(varOf(site, more), varOf(site, notNumber)), { weak: true });
  });

/** An array of the same kind, for the sort's own use. */
const scratchLike = (site: Site, { v, store }: TensorValue): TensorValue =>
  tensorOf(site, site.machine.builder.splat(0, v.type), { weak: store === null, hostArray: true, store });

const refuseText = (site: Site): never =>
  refuse(
    site,
    "TSJ1102",
    "sort without a comparison orders numbers as text, which is known only at run time",
    "compare numbers: sort((a, b) => a - b); typed arrays sort by value",
  );

/** Sorts an array of numbers that are known only at run time. */
const sortNumbers = (site: Site, x: TensorValue, compare: Value): void => {
  const n = x.v.type.shape[0] ?? 0;
  const size = staticValue(n);
  const scratch = scratchLike(site, x);
  if (!isMissing(compare)) {
    inlineOwn(site, mergeSort, [x, scratch, size, greaterBy(compare)]);
    return;
  }
  const float = isFloat(x.v.type.dtype);
  const negative = float ? inlineOwn(site, countNegativeZeros, [x, size]) : null;
  inlineOwn(site, mergeSort, [x, scratch, size, greaterNumber(float)]);
  if (negative !== null) inlineOwn(site, orderZeros, [x, size, negative]);
};

/** The places of the items in sorted order: i32[n]. */
const orderOf = (site: Site, n: number, greater: (i: Value, j: Value, at: Site) => Value): TensorValue => {
  const type = { dtype: "i32", shape: [n] } as const;
  const places = site.machine.builder.emit("iota", [], { ...type, axis: 0 });
  const order = tensorOf(site, places, { hostArray: true, store: "i32" });
  const test = builtin("greater", ([i = UNDEFINED, j = UNDEFINED], at) => greater(i, j, at));
  inlineOwn(site, mergeSort, [order, scratchLike(site, order), staticValue(n), test]);
  return order;
};

const picked = (site: Site, v: Var, order: TensorValue): Var =>
  site.machine.builder.emit("gather", [v, varOf(site, order)], { axis: 0, batch: 0, mode: "clamp" });

const constant = (site: Site, v: Var): Var =>
  isFloat(v.type.dtype) ? site.machine.builder.stopGradient(v) : v;

/** The elements as they are compared: the order has no derivative. */
const frozen = (site: Site, self: Receiver, x: TensorValue): Receiver => {
  const { weak, hostArray, store } = x;
  const copy = tensorOf(site, constant(site, varOf(site, x)), { weak, hostArray, store });
  return self.kind === "array" ? stagedArray(site, copy) : copy;
};

/** Sorts rows, or numbers that reverse mode goes through: the order first, then all of them are moved at once. */
const sortByOrder = (site: Site, self: Receiver, x: TensorValue, compare: Value): void => {
  const items = itemsOf(site, frozen(site, self, x));
  const order = orderOf(site, items.length(), (i, j, at) => {
    const [p, q] = [items.at(at, indexOf(i)), items.at(at, indexOf(j))];
    return isMissing(compare)
      ? callValue(at, greaterNumber(isFloat(x.v.type.dtype)), [p, q])
      : callValue(at, greaterBy(compare), [p, q]);
  });
  replaceContent(site, x, picked(site, varOf(site, x), order));
  if (self.kind === "array" && self.held.kind === "staged") {
    touch(site.machine, self);
    self.held = { ...self.held, children: null };
  }
};

/** Whether a comparison is decided while staging: tried with two items, and undone. */
const isDecided = (site: Site, { items }: ArrayValue, compare: Value): boolean => {
  const [p = UNDEFINED, q = UNDEFINED] = items;
  return withRows(site, () =>
    tryRegion(site, createBuilder(), null, () => isStatic(callValue(site, compare, [p, q]))),
  ).result;
};

/** The items of a list of records that all have one structure, sorted. */
const sortRecords = (site: Site, array: ArrayValue, compare: Value): Value[] => {
  const { builder } = site.machine;
  const list = [...array.items];
  const meeting: Meeting = { site, since: nextSerial(), needs: null, shared: new Set(), fixed: new Map() };
  const [first = UNDEFINED, ...others] = list;
  const form = others.reduce<{ form: Form; value: Value }>(
    ({ value }, item) => {
      const next = join(meeting, value, item);
      return {
        form: next,
        value: assemble(
          meeting,
          next,
          typesOf(next).map((t) => builder.splat(0, t)),
        ),
      };
    },
    { form: { kind: "same", value: first }, value: first },
  ).form;
  const types = typesOf(form);
  const parts = list.map((item) => flatten(site, form, item));
  const columns = types.map((type, c) => {
    const rows = parts.map((vars) => builder.reshape(vars[c] ?? builder.splat(0, type), [1, ...type.shape]));
    return builder.emit("concat", rows, { axis: 0 });
  });
  const itemAt = (at: Site, from: readonly Var[], i: Value): Value => {
    const b = at.machine.builder;
    const index = tensorOf(
      at,
      b.cast(i.kind === "tensor" ? varOf(at, i) : b.scalar(Number(isStatic(i) ? i.value : 0), "i32"), "i32"),
    );
    const vars = from.map((v) => b.emit("gather", [v, index.v], { axis: 0, batch: 0, mode: "clamp" }));
    return assemble({ ...meeting, site: at }, form, vars);
  };
  const compared = columns.map((v) => constant(site, v));
  const order = orderOf(site, list.length, (i, j, at) =>
    callValue(at, greaterBy(compare), [itemAt(at, compared, i), itemAt(at, compared, j)]),
  );
  const sorted = columns.map((v) => picked(site, v, order));
  return list.map((_, k) => itemAt(site, sorted, staticValue(k)));
};

/** Sorts a list whose items are known, or whose comparisons are. */
const sortKnown = (site: Site, array: ArrayValue, compare: Value): Value[] => {
  const items = [...array.items];
  if (isMissing(compare)) {
    const text = (item: Value): string => String(toHost(site, item, "an element"));
    return items.sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
  }
  return items.sort((a, b) => toNumber(site, callValue(site, compare, [a, b]), "the result of a comparison"));
};

const sortList = (site: Site, array: ArrayValue, compare: Value): void => {
  const decided = isMissing(compare) ? isKnown(site, array) : isDecided(site, array, compare);
  if (!decided) {
    if (isMissing(compare)) refuseText(site);
    if (tryStageRows(site, array)) {
      sortInPlace(site, array, compare);
      return;
    }
  }
  const order = decided ? sortKnown(site, array, compare) : sortRecords(site, array, compare);
  array.items.splice(0, order.length, ...order);
};

/** Sorts an array that may be written to; gives it. */
export const sortInPlace = (site: Site, self: Receiver, compare: Value): Value => {
  const n = self.kind === "array" ? lengthOf(self) : (self.v.type.shape[0] ?? 0);
  if (n <= 1) return self;
  const x = contentOf(site, self);
  if (x === null) {
    if (self.kind === "array") sortList(site, self, compare);
    return self;
  }
  if (isMissing(compare) && x.store === null) return refuseText(site);
  if (x.v.type.shape.length > 1 || site.machine.reverse > 0) sortByOrder(site, self, x, compare);
  else sortNumbers(site, x, compare);
  return self;
};
