/** Array methods on arrays whose length is known: callbacks are inlined once an element. */
import { callValue } from "./calls.js";
import { COUNTED, truth } from "./conditions.js";
import { filterItems } from "./filters.js";
import { moveItems, push, removeLast } from "./grown.js";
import { isIteratorMethod, isJsArray, iterate, iteratorOf } from "./iterate.js";
import { touch } from "./journal.js";
import { refuse, type Site, step } from "./machine.js";
import { claimAll, refuseFixed } from "./member-writes.js";
import { binary } from "./operators.js";
import { isKnown, toHost, toNumber } from "./reify.js";
import { SEARCHES } from "./searches.js";
import { sortInPlace } from "./sorting.js";
import { STAGED_METHODS } from "./staged-methods.js";
import { STAGED_MUTATIONS } from "./staged-mutations.js";
import { refuseUnmerged } from "./tensors.js";
import { type ArrayValue, arrayOf, builtin, isStatic, staticValue, UNDEFINED, type Value } from "./values.js";

type Method = (site: Site, array: ArrayValue, args: readonly Value[]) => Value;

const call = (site: Site, fn: Value, args: readonly Value[]): Value => {
  step(site);
  return callValue(site, fn, args);
};
const at = (args: readonly Value[], k: number): Value => args[k] ?? UNDEFINED;

/** `f(item, index, array)` for each item present when its turn comes. */
const each = (
  site: Site,
  array: ArrayValue,
  f: Value,
  use: (result: Value, item: Value, k: number) => boolean,
): void => {
  const n = array.items.length;
  for (let k = 0; k < n && k < array.items.length; k++) {
    const item = array.items[k] ?? UNDEFINED;
    if (!use(call(site, f, [item, staticValue(k), array]), item, k)) return;
  }
};

/** A relative index argument as slice takes it: negative from the end, clamped. */
const relative = (site: Site, value: Value, length: number, missing: number): number => {
  if (isStatic(value) && value.value === undefined) return missing;
  const k = Math.trunc(toNumber(site, value, "an index")) || 0;
  return k < 0 ? Math.max(0, length + k) : Math.min(k, length);
};

const writable = (site: Site, array: ArrayValue, name: string): ArrayValue => {
  if (array.fixed === "argument")
    refuse(
      site,
      "TSJ1020",
      `\`${name}\` changes an argument: compiled functions leave their arguments as they are`,
      "copy it first: [...array]",
    );
  if (array.fixed === "captured")
    refuse(
      site,
      "TSJ1021",
      `\`${name}\` changes a captured array: compiled functions change nothing outside`,
      "copy it first: [...array]",
    );
  if (array.fixed !== null) refuseFixed(site, array.fixed, "an element");
  if (array.spoilt !== null) refuseUnmerged(site, array.spoilt);
  if (array.held.kind === "staged" && array.held.rows.view !== null)
    refuse(
      site,
      "TSJ1043",
      `\`${name}\` changes a row of an array of arrays in a way that the other rows are not changed`,
      "keep rows of one length and set their elements, or copy the row first: [...row]",
    );
  claimAll(site, array);
  touch(site.machine, array);
  return array;
};

/** `a === b` where it is decided now; arrays of staged numbers can't be searched. */
const same = (site: Site, a: Value, b: Value): boolean =>
  truth(site, binary(site, "===", a, b), "the search");

const reduceFrom = (
  site: Site,
  items: readonly Value[],
  order: readonly number[],
  array: ArrayValue,
  args: readonly Value[],
): Value => {
  const rest = [...order];
  let total = args.length > 1 ? at(args, 1) : undefined;
  if (total === undefined) {
    const first = rest.shift();
    if (first === undefined)
      return refuse(site, "TSJ1050", "reduce of an empty array needs an initial value");
    total = items[first] ?? UNDEFINED;
  }
  for (const k of rest)
    total = call(site, at(args, 0), [total, items[k] ?? UNDEFINED, staticValue(k), array]);
  return total;
};

const flatten = (items: readonly Value[], depth: number): readonly Value[] =>
  items.flatMap((item) => (item.kind === "array" && depth > 0 ? flatten(item.items, depth - 1) : [item]));

/** The last item that a function accepts; -1 if there is none. */
const lastWhere = (site: Site, array: ArrayValue, args: readonly Value[]): number => {
  for (let k = array.items.length - 1; k >= 0; k--) {
    const hit = call(site, at(args, 0), [array.items[k] ?? UNDEFINED, staticValue(k), array]);
    if (truth(site, hit, "the result of the function")) return k;
  }
  return -1;
};

const METHODS: Readonly<Record<string, Method>> = {
  map: (site, array, args) => {
    const out: Value[] = [];
    each(site, array, at(args, 0), (result) => out.push(result) > 0);
    return arrayOf(out);
  },
  forEach: (site, array, args) => {
    each(site, array, at(args, 0), () => true);
    return UNDEFINED;
  },
  filter: (site, array, args) => {
    const accepted = filterItems(site, array, at(args, 0));
    if (accepted !== null) return accepted;
    const out: Value[] = [];
    each(site, array, at(args, 0), (result, item) => {
      if (truth(site, result, "which elements filter keeps", COUNTED)) out.push(item);
      return true;
    });
    return arrayOf(out);
  },
  some: (site, array, args) => {
    let found = false;
    each(site, array, at(args, 0), (result) => {
      found = truth(site, result, "the result of some's function");
      return !found;
    });
    return staticValue(found);
  },
  every: (site, array, args) => {
    let all = true;
    each(site, array, at(args, 0), (result) => {
      all = truth(site, result, "the result of every's function");
      return all;
    });
    return staticValue(all);
  },
  find: (site, array, args) => {
    let found: Value = UNDEFINED;
    each(site, array, at(args, 0), (result, item) => {
      const hit = truth(site, result, "the result of find's function");
      if (hit) found = item;
      return !hit;
    });
    return found;
  },
  findIndex: (site, array, args) => {
    let index = -1;
    each(site, array, at(args, 0), (result, _, k) => {
      if (truth(site, result, "the result of findIndex's function")) index = k;
      return index < 0;
    });
    return staticValue(index);
  },
  findLast: (site, array, args) => {
    const k = lastWhere(site, array, args);
    return array.items[k] ?? UNDEFINED;
  },
  findLastIndex: (site, array, args) => staticValue(lastWhere(site, array, args)),
  flatMap: (site, array, args) => {
    const out: Value[] = [];
    each(
      site,
      array,
      at(args, 0),
      (result) => out.push(...(result.kind === "array" ? result.items : [result])) > -1,
    );
    return arrayOf(out);
  },
  reduce: (site, array, args) => reduceFrom(site, array.items, [...array.items.keys()], array, args),
  reduceRight: (site, array, args) =>
    reduceFrom(site, array.items, [...array.items.keys()].reverse(), array, args),
  push: (site, array, args) => push(site, writable(site, array, "push"), args),
  pop: (site, array) => {
    const own = writable(site, array, "pop");
    return own.held.kind === "grown" ? removeLast(site, own, isUsed(site)) : (own.items.pop() ?? UNDEFINED);
  },
  shift: (site, array) => {
    const own = writable(site, array, "shift");
    return own.held.kind === "grown"
      ? moveItems(site, own, null, isUsed(site))
      : (own.items.shift() ?? UNDEFINED);
  },
  unshift: (site, array, args) => {
    const own = writable(site, array, "unshift");
    if (own.held.kind !== "grown") return staticValue(own.items.unshift(...args));
    for (const value of [...args].reverse()) moveItems(site, own, value, false);
    return own.held.length.value;
  },
  reverse: (site, array) => {
    writable(site, array, "reverse").items.reverse();
    return array;
  },
  fill: (site, array, args) => {
    const { items } = writable(site, array, "fill");
    items.fill(
      at(args, 0),
      relative(site, at(args, 1), items.length, 0),
      relative(site, at(args, 2), items.length, items.length),
    );
    return array;
  },
  sort: (site, array, args) => sortInPlace(site, writable(site, array, "sort"), at(args, 0)),
  splice: (site, array, args) => {
    const { items } = writable(site, array, "splice");
    const start = relative(site, at(args, 0), items.length, 0);
    const count = args.length < 2 ? items.length - start : toNumber(site, at(args, 1), "a count");
    return arrayOf(items.splice(start, count, ...args.slice(2)));
  },
  copyWithin: (site, array, args) => {
    const { items } = writable(site, array, "copyWithin");
    const n = items.length;
    const target = relative(site, at(args, 0), n, 0);
    items.copyWithin(target, relative(site, at(args, 1), n, 0), relative(site, at(args, 2), n, n));
    return array;
  },
  toSpliced: (site, array, args) => {
    const items = [...array.items];
    const start = relative(site, at(args, 0), items.length, 0);
    const count = args.length < 2 ? items.length - start : toNumber(site, at(args, 1), "a count");
    if (args.length > 0) items.splice(start, count, ...args.slice(2));
    return arrayOf(items);
  },
  toSorted: (site, array, args) => sortInPlace(site, arrayOf(array.items), at(args, 0)),
  toReversed: (_, array) => arrayOf([...array.items].reverse()),
  with: (site, array, args) => {
    const k = Math.trunc(toNumber(site, at(args, 0), "an index"));
    const index = k < 0 ? array.items.length + k : k;
    if (index < 0 || index >= array.items.length)
      return refuse(site, "TSJ1130", `index ${k} is out of range for an array of ${array.items.length}`);
    return arrayOf(array.items.map((item, i) => (i === index ? at(args, 1) : item)));
  },
  at: (site, array, args) => {
    const k = Math.trunc(toNumber(site, at(args, 0), "an index"));
    return array.items[k < 0 ? array.items.length + k : k] ?? UNDEFINED;
  },
  slice: (site, { items }, args) =>
    arrayOf(
      items.slice(
        relative(site, at(args, 0), items.length, 0),
        relative(site, at(args, 1), items.length, items.length),
      ),
    ),
  concat: (site, array, args) =>
    arrayOf([...array.items, ...args.flatMap((a) => (isJsArray(a) ? iterate(site, a) : [a]))]),
  flat: (site, array, args) =>
    arrayOf(flatten(array.items, args.length === 0 ? 1 : toNumber(site, at(args, 0), "a depth"))),
  indexOf: (site, array, args) => {
    const from = relative(site, at(args, 1), array.items.length, 0);
    return staticValue(array.items.findIndex((item, k) => k >= from && same(site, item, at(args, 0))));
  },
  lastIndexOf: (site, array, args) => {
    const n = array.items.length;
    const k = args.length > 1 ? Math.trunc(toNumber(site, at(args, 1), "an index")) || 0 : n - 1;
    const last = k < 0 ? n + k : k;
    return staticValue(array.items.findLastIndex((item, i) => i <= last && same(site, item, at(args, 0))));
  },
  includes: (site, array, args) => {
    const from = relative(site, at(args, 1), array.items.length, 0);
    const wanted = at(args, 0);
    const wantsNaN = isStatic(wanted) && Number.isNaN(wanted.value);
    return staticValue(
      array.items.some(
        (item, k) =>
          k >= from && (same(site, item, wanted) || (wantsNaN && isStatic(item) && Number.isNaN(item.value))),
      ),
    );
  },
  join: (site, array, args) =>
    staticValue(
      (toHost(site, array, "text") as unknown[]).join(
        args.length === 0 ? "," : String(toHost(site, at(args, 0), "a separator")),
      ),
    ),
  toString: (site: Site, array: ArrayValue) => staticValue(String(toHost(site, array, "text"))),
};

/** Whether anything takes the result of a call. */
const isUsed = ({ machine: { ts }, node }: Site): boolean =>
  node === null || node.parent === undefined || !ts.isExpressionStatement(node.parent);

/** The method `name` of an array, bound to it; undefined where arrays have none. */
export const arrayMethod = (site: Site, array: ArrayValue, name: string): Value => {
  if (isIteratorMethod(name)) return builtin(name, (_, caller) => iteratorOf(caller, array, name));
  if (array.held.kind !== "list") {
    const same = Object.hasOwn(STAGED_METHODS, name) ? STAGED_METHODS[name] : undefined;
    if (same !== undefined) return builtin(name, (args, caller) => same(caller, array, args));
    const change =
      Object.hasOwn(STAGED_MUTATIONS, name) && name !== "set" ? STAGED_MUTATIONS[name] : undefined;
    if (change !== undefined)
      return builtin(name, (args, caller) =>
        array.fixed === null ? change(caller, array, args) : refuseFixed(caller, array.fixed, "an element"),
      );
  }
  const listed = Object.hasOwn(SEARCHES, name) ? SEARCHES[name] : undefined;
  if (listed !== undefined && !isKnown(site, array))
    return builtin(name, (args, caller) => listed(caller, array, args));
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (method !== undefined) return builtin(name, (args, caller) => method(caller, array, args));
  if (name in []) return refuse(site, "TSJ1041", `the array method \`${name}\` is not compiled`);
  return UNDEFINED;
};
