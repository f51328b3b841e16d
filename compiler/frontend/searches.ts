/** Array methods that stop where a condition holds, which may be known only at run time. */

import type { Var } from "../ir/types.js";
import { chooseCompletion } from "./branches.js";
import { callValue } from "./calls.js";
import type { Completion } from "./completions.js";
import { condition } from "./conditions.js";
import type { Binding } from "./environment.js";
import { runIndexed, tripOfCount } from "./item-loops.js";
import { itemsOf, type Sequence } from "./iterate.js";
import { setBinding } from "./journal.js";
import type { Site } from "./machine.js";
import { binary } from "./operators.js";
import { integer, type Method, type Receiver } from "./parts.js";
import type { Trip } from "./staged-loops.js";
import { lift, tensorOf, varOf } from "./tensors.js";
import { isStatic, nextSerial, staticValue, type TensorValue, UNDEFINED, type Value } from "./values.js";

const at = (args: readonly Value[], k: number): Value => args[k] ?? UNDEFINED;
const BREAK: Completion = { kind: "break", label: null };

export const cell = (value: Value): Binding => ({ value, constant: false, born: nextSerial() });
export const held = ({ value }: Binding): Value => value ?? UNDEFINED;

export const indexOf = (k: Value): number | TensorValue =>
  k.kind === "tensor" ? k : Number(isStatic(k) ? k.value : 0);

/** `body` for each element in turn; a break ends it. */
export const each = (site: Site, self: Receiver, body: (item: Value, k: Value) => Completion): Completion => {
  const items: Sequence = itemsOf(site, self);
  return runIndexed(site, tripOfCount(site, items.count()), (k) => body(items.at(site, indexOf(k)), k), {
    stageable: items.stageable,
    over: self,
  });
};

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
/** Where a search begins, and which way it goes. */
interface Way {
  readonly start: number;
  readonly count: number;
  readonly back: boolean;
}
const forward = (n: number): Way => ({ start: 0, count: n, back: false });
const backward = (n: number): Way => ({ start: n - 1, count: n, back: true });

/** From `args[1]` on, as indexOf and includes count. */
const searchFrom = (site: Site, args: readonly Value[], n: number): Way => {
  const k = integer(site, at(args, 1), 0);
  const start = k < 0 ? Math.max(0, n + k) : Math.min(k, n);
  return { start, count: n - start, back: false };
};
/** Back from `args[1]`, as lastIndexOf counts. */
const searchBackFrom = (site: Site, args: readonly Value[], n: number): Way => {
  const k = args.length > 1 ? integer(site, at(args, 1), 0) : n - 1;
  const start = k < 0 ? n + k : Math.min(k, n - 1);
  return { start, count: Math.max(0, start + 1), back: true };
};

/** An array whose length is known only at run time is gone through from its start. */
const wayThrough = (
  site: Site,
  items: Sequence,
  way: (n: number) => Way,
): Omit<Way, "count"> & { count: Trip } => {
  const n = items.count();
  if (n.kind !== "tensor") return way(items.length());
  const { start, back } = way(Number.POSITIVE_INFINITY);
  return back || start !== 0 ? way(items.length()) : { start, back, count: tripOfCount(site, n) };
};

const search =
  (found: (k: Value, item: Value) => Value, missing: Value) =>
  (site: Site, self: Receiver, way: (n: number) => Way, test: (item: Value, k: Value) => Value): Value => {
    const result = cell(missing);
    const items = itemsOf(site, self);
    const { start, count, back } = wayThrough(site, items, way);
    const body = (j: Value): Completion => {
      const k = back
        ? binary(site, "-", staticValue(start), j)
        : start === 0
          ? j
          : binary(site, "+", j, staticValue(start));
      const item = items.at(site, indexOf(k));
      return breakIf(site, test(item, k), () => setBinding(site.machine, result, found(k, item)));
    };
    runIndexed(site, count, body, { stageable: items.stageable, over: self });
    return held(result);
  };
const called =
  (run: ReturnType<typeof search>, way: (n: number) => Way): Method =>
  (site, self, args) =>
    run(site, self, way, (item, k) => callValue(site, at(args, 0), [item, k, self]));

const TRUE = staticValue(true);
const FALSE = staticValue(false);
const findPlace = search((k) => k, staticValue(-1));
const findItem = search((_, item) => item, UNDEFINED);
const hasItem = search(() => TRUE, FALSE);

/** SameValueZero: `===`, but NaN is NaN. */
const sameValueZero = (site: Site, a: Value, b: Value): Value => {
  const equal = binary(site, "===", a, b);
  const nan = [a, b].map((v) => binary(site, "!==", v, v));
  if (nan.some((v) => isStatic(v) && v.value === false) || (isStatic(equal) && equal.value === true))
    return equal;
  const { builder } = site.machine;
  const [e, p, q] = [equal, ...nan].map((v) => varOf(site, lift(site, v))) as [Var, Var, Var];
  return tensorOf(site, builder.or(e, builder.and(p, q)), { weak: true });
};

/** Each of them also works on lists of items that are not all known. */
export const SEARCHES: Readonly<Record<string, Method>> = {
  some: called(hasItem, forward),
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
  find: called(findItem, forward),
  findLast: called(findItem, backward),
  findIndex: called(findPlace, forward),
  findLastIndex: called(findPlace, backward),
  indexOf: (site, self, args) =>
    findPlace(
      site,
      self,
      (n) => searchFrom(site, args, n),
      (item) => binary(site, "===", item, at(args, 0)),
    ),
  lastIndexOf: (site, self, args) =>
    findPlace(
      site,
      self,
      (n) => searchBackFrom(site, args, n),
      (item) => binary(site, "===", item, at(args, 0)),
    ),
  includes: (site, self, args) =>
    hasItem(
      site,
      self,
      (n) => searchFrom(site, args, n),
      (item) => sameValueZero(site, item, at(args, 0)),
    ),
};
