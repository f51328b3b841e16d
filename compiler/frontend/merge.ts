/** Two paths under a staged condition: what they wrote and gave becomes the results of one `if`. */
import type { Eqn, OpName, Var } from "../ir/types.js";
import { assemble, flatten, mergeNeeds, typesOf } from "./assemble.js";
import type { Binding } from "./environment.js";
import { narrowed, withFact } from "./facts.js";
import { type Form, join } from "./forms.js";
import { advanced, checkRoom, lengthFrom, needGrowth } from "./growth.js";
import { type Meeting, type Side, sharedAmong } from "./identities.js";
import { type Items, leavesOf } from "./items.js";
import { type Cell, type State, setBinding, touch } from "./journal.js";
import type { Site } from "./machine.js";
import { closeRegions, inTrial, type Trial } from "./regions.js";
import { afterRegion } from "./row-views.js";
import { tensorOf, varOf } from "./tensors.js";
import { type ArrayValue, lengthOf, type Need, type TensorValue, UNDEFINED, type Value } from "./values.js";
import { exchanged } from "./views.js";

/** A place that a path writes to, with what each path leaves there. */
export interface Slot {
  readonly cell: Cell;
  readonly key: string | number | null;
  readonly write: (value: Value) => void;
  /** Rows of the array are exchanged. */
  readonly unsettled?: boolean;
  /** All paths leave the same sum of what was known before them. */
  readonly same?: boolean;
}

/** What a cell's state holds at a slot; `state` null: what it holds now. */
export const readSlot = (site: Site, { cell, key }: Slot, state: State | undefined): Side => {
  if ("kind" in cell) {
    if (cell.kind === "tensor") {
      const v = state?.kind === "tensor" ? state.v : cell.v;
      return contentAs(site, cell, v);
    }
    if (cell.kind === "array") {
      const held = state?.kind === "array" ? state.held : cell.held;
      return readItems(held, key);
    }
    const props = state?.kind === "object" ? state.props : cell.props;
    return props.get(String(key)) ?? null;
  }
  return (state?.kind === "binding" ? state.value : cell.value) ?? null;
};

const readItems = (held: Items, key: Slot["key"]): Side => {
  switch (held.kind) {
    case "list":
      return held.list[Number(key)] ?? UNDEFINED;
    case "staged":
      return held.rows;
    case "records":
      return leavesOf(held.columns)[0] ?? UNDEFINED;
    case "grown":
      return held.length.value;
    default: {
      const never: never = held;
      return never;
    }
  }
};

/** An array's elements as a value of their own. */
export const contentAs = (site: Site, like: TensorValue, v: Var): TensorValue =>
  tensorOf(site, v, { weak: like.weak, hostArray: like.hostArray, needs: like.needs, store: like.store });

const writeBinding = (site: Site, binding: Binding) => (value: Value) =>
  setBinding(site.machine, binding, value);

/** Whether a path changed the structure of an object or array in a way that only a known path allows. */
const reshaped = (states: readonly State[]): boolean => {
  const lengths = states.flatMap((s) =>
    s.kind === "array" ? [s.held.kind === "list" ? s.held.list.length : s.held.kind] : [],
  );
  const keys = states.flatMap((s) => (s.kind === "object" ? [[...s.props.keys()].join("\0")] : []));
  const rows = states.flatMap((s) => (s.kind === "object" ? [s.row] : []));
  return [lengths, keys, rows].some((all) => new Set<unknown>(all).size > 1);
};

/** The slots of a cell whose contents differ among these states; null if its structure does. */
export const slotsOf = (site: Site, cell: Cell, states: readonly State[]): readonly Slot[] | null => {
  if (reshaped(states)) return null;
  const { machine } = site;
  if (!("kind" in cell)) return [{ cell, key: null, write: writeBinding(site, cell) }];
  if (cell.kind === "tensor") {
    const depth = afterRegion(
      site,
      cell,
      states.flatMap((s) => (s.kind === "tensor" ? [s.replaced] : [])),
    );
    const write = (value: Value): void => {
      if (value.kind !== "tensor") return;
      touch(machine, cell);
      cell.v = value.v;
      cell.builder = value.builder;
      if (depth !== null) exchanged(site, cell, depth);
    };
    return [{ cell, key: null, write, unsettled: depth !== null }];
  }
  if (cell.kind === "array") {
    const first = states[0];
    const helds = states.flatMap((s) => (s.kind === "array" ? [s.held] : []));
    const [held] = helds;
    if (held?.kind === "grown") return lengthSlots(site, cell, helds);
    if (held?.kind === "staged" || held?.kind === "records") {
      const same = helds.every((other) => baseOf(other) === baseOf(held));
      if (!same) return null;
      const kept = helds.every(
        (other) => (other.kind === "staged" || other.kind === "records") && other.children === held.children,
      );
      const children = kept ? held.children : null;
      const write = (): void => {
        touch(machine, cell);
        cell.held = { ...held, children };
      };
      return [{ cell, key: "rows", write, unsettled: children !== held.children }];
    }
    const length =
      first?.kind === "array" && first.held.kind === "list" ? first.held.list.length : lengthOf(cell);
    return Array.from({ length }, (_, key) => ({
      cell,
      key,
      write: (value: Value) => {
        touch(machine, cell);
        cell.items[key] = value;
      },
    }));
  }
  const first = states[0];
  const keys = first?.kind === "object" ? [...first.props.keys()] : [];
  return keys.map((key) => ({
    cell,
    key,
    write: (value: Value) => {
      touch(machine, cell);
      cell.props.set(key, value);
    },
  }));
};

const baseOf = (held: Items): unknown =>
  held.kind === "staged" ? held.rows : held.kind === "records" ? held.columns : null;

/** The length of an array that grows. */
const lengthSlots = (site: Site, cell: ArrayValue, helds: readonly Items[]): readonly Slot[] | null => {
  const { machine } = site;
  const grown = helds.filter((h) => h.kind === "grown");
  const [first] = grown;
  if (first === undefined || grown.some((g) => g.store !== first.store)) return null;
  const bound = Math.max(...grown.map((g) => g.length.bound));
  const { base, offset } = first.length;
  const same = grown.every((g) => g.length.base === base && g.length.offset === offset);
  const write = (value: Value): void => {
    const { held } = cell;
    if (held.kind !== "grown") return;
    touch(machine, cell);
    // Equal on all paths, as the same sum: it stays one.
    const length = same ? advanced(site, first.length, 0, bound) : lengthFrom(site, value, bound);
    cell.held = { ...held, length };
  };
  return [{ cell, key: "length", write, same }];
};

/** A value that differs in structure: what it is needed for decides whether it is refused. */
const STRUCTURE = "an array or object whose length or fields differ between paths";

/** Breaks a cell whose structure can't be merged: whoever uses it is refused. */
export const spoil = (site: Site, cell: Cell, needs: readonly Need[] | null, reason = STRUCTURE): void => {
  touch(site.machine, cell);
  const bad: Value = { kind: "unmerged", reason, needs, span: site.machine.builder.span() };
  if (!("kind" in cell)) cell.value = bad;
  else if (cell.kind === "array") {
    cell.held = { kind: "list", list: cell.items.map(() => bad) };
    cell.spoilt = bad;
  } else if (cell.kind === "object") {
    cell.props = new Map([...cell.props.keys()].map((key) => [key, bad]));
    cell.spoilt = bad;
  }
};

/** Operations that may as well run on both paths: total and cheaper than a branch. */
const CHEAP: ReadonlySet<string> = new Set<OpName>([
  ...([
    "const",
    "select",
    "add",
    "sub",
    "mul",
    "neg",
    "abs",
    "min",
    "max",
    "and",
    "or",
    "xor",
    "not",
  ] as const),
  ...(["eq", "ne", "lt", "le", "gt", "ge"] as const),
]);
const MAX_CHEAP = 4;
const isCheap = (body: readonly Eqn[]): boolean =>
  body.filter((e) => e.op !== "const").length <= MAX_CHEAP &&
  body.every((e) => CHEAP.has(e.op) && e.outs.every((v) => v.type.shape.length === 0));

interface Merge {
  readonly form: Form;
  readonly a: Side;
  readonly b: Side;
  readonly write: ((value: Value) => void) | null;
}

/**
 * Makes one `if` of two regions that were tried. `pairs`: further values that the regions gave, null where a path has none;
 * gives the merged ones.
 */
export const mergeTrials = (
  site: Site,
  cond: TensorValue,
  a: Trial<unknown>,
  b: Trial<unknown>,
  pairs: readonly (readonly [Side, Side])[],
  since: number,
): readonly Value[] => {
  const cells = new Set([...a.after.keys(), ...b.after.keys()]);
  const sides: Omit<Merge, "form">[] = [];
  const spoilt: Cell[] = [];
  const settled: Slot[] = [];
  checkRoom(site);
  const meet = (x: Side, y: Side, write: Merge["write"]): void => {
    sides.push({ a: x, b: y, write });
  };
  // What may be missing, as it is known to be on each path.
  const onPath = (holds: boolean, side: Side): Side =>
    side?.kind === "unmerged" ? withFact(site, cond, holds, () => narrowed(site, side)) : side;
  for (const cell of cells) {
    const before = a.before.get(cell) ?? b.before.get(cell);
    const [x, y] = [a.after.get(cell) ?? before, b.after.get(cell) ?? before];
    if (x === undefined || y === undefined) continue;
    const slots = slotsOf(site, cell, [x, y]);
    if (slots === null) {
      needGrowth(site, cell, [x, y]);
      spoilt.push(cell);
    }
    for (const slot of slots ?? []) {
      const [p, q] = [readSlot(site, slot, x), readSlot(site, slot, y)];
      if (p === null && q === null) continue;
      if (slot.same === true) settled.push(slot);
      else meet(onPath(true, p), onPath(false, q), slot.write);
    }
  }
  const own = sides.length;
  for (const [x, y] of pairs) meet(onPath(true, x), onPath(false, y), null);
  const shared = sharedAmong(sides.map((s) => s.a));
  sharedAmong(
    sides.map((s) => s.b),
    shared,
  );
  const meeting: Meeting = { site, since, needs: cond.needs, shared, fixed: new Map() };
  const merges: readonly Merge[] = sides.map((s) => ({ ...s, form: join(meeting, s.a, s.b) }));
  const values = emitIf(site, cond, a, b, merges, meeting);
  merges.slice(0, own).forEach(({ write, form, a: x }, k) => {
    const value = values[k];
    const unchanged = form.kind === "same" && form.value === x && x === null;
    if (value !== undefined && !unchanged) write?.(value);
  });
  for (const slot of settled) slot.write(UNDEFINED);
  for (const cell of spoilt) spoil(site, cell, cond.needs);
  return values.slice(own);
};

const emitIf = (
  site: Site,
  cond: TensorValue,
  a: Trial<unknown>,
  b: Trial<unknown>,
  merges: readonly Merge[],
  meeting: Meeting,
): readonly Value[] => {
  const { builder } = site.machine;
  const c = varOf(site, cond);
  const results = [
    inTrial(site, a, () => merges.map((m) => flatten(site, m.form, m.a))),
    inTrial(site, b, () => merges.map((m) => flatten(site, m.form, m.b))),
  ] as const;
  const [thenVars, elseVars] = [results[0].flat(), results[1].flat()];
  const scalars = merges.every((m) => typesOf(m.form).every((t) => t.shape.length === 0));
  const [then, otherwise] = [a.builder.finish("then", thenVars), b.builder.finish("else", elseVars)];
  let outs: readonly Var[];
  if (then.body.length + otherwise.body.length === 0 && thenVars.length === 0) outs = [];
  else if (scalars && isCheap(then.body) && isCheap(otherwise.body)) {
    const [x, y] = [builder.inline(then, []), builder.inline(otherwise, [])];
    outs = x.map((v, k) => {
      const w = y[k] ?? v;
      return v === w ? v : builder.select(c, v, w);
    });
  } else {
    const { fns, free } = closeRegions([
      { fn: then, own: 0 },
      { fn: otherwise, own: 0 },
    ]);
    const [thenFn = then, elseFn = otherwise] = fns;
    outs = builder.emitAll("if", [c, ...free], { then: thenFn, else: elseFn });
  }
  let next = 0;
  return merges.map(({ form, a: x, b: y }) => {
    const count = typesOf(form).length;
    const part = outs.slice(next, next + count);
    next += count;
    return assemble({ ...meeting, needs: mergeNeeds(meeting.needs, [x, y]) }, form, part);
  });
};
