/** Running a part of the user's program as a region of the IR: in a builder of its own, with its writes undone. */
import { type Builder, createBuilder } from "../ir/builder.js";
import type { IrFunction, Var } from "../ir/types.js";
import { freeVars } from "../ir/walk.js";
import { grow, NeedGrowth } from "./growth.js";
import { type Cell, type Journal, restore, type State, stateOf } from "./journal.js";
import { type Machine, NeedStatic, refuse, type Site } from "./machine.js";
import { tryStageRows } from "./staged-arrays.js";
import { type ArrayValue, type Need, nextSerial, type Value } from "./values.js";

/** What a region did. */
export interface Trial<T> {
  readonly builder: Builder;
  readonly result: T;
  /** Older cells that it wrote to: as they were, and as it left them. */
  readonly before: ReadonlyMap<Cell, State>;
  readonly after: ReadonlyMap<Cell, State>;
}

/** A `throw` that the region always reaches. */
export class StagedThrow extends Error {
  readonly text: string;
  readonly site: Site;
  /** What is thrown. */
  readonly value: Value;
  /** Regions that were being run. */
  readonly depth: number;
  /** The program in which it stands already, as a check that always fails; null where it does not. */
  readonly stands: Builder | null;
  constructor(site: Site, text: string, value: Value, stands: Builder | null = null) {
    super(text);
    this.stands = stands;
    this.text = text;
    this.site = site;
    this.value = value;
    this.depth = site.machine.journals.length;
  }
}

/** An array that a region indexes by a staged number: to be staged before the region begins. */
export class NeedRows extends Error {
  readonly array: ArrayValue;
  /** What would make the index known instead. */
  readonly needs: readonly Need[] | null;
  constructor(array: ArrayValue, needs: readonly Need[] | null) {
    super("an array is needed as a staged one");
    this.array = array;
    this.needs = needs;
  }
}

/** Runs `f` with what it writes undone afterwards. `needs`: what would decide whether it runs. */
export const tryRegion = <T>(
  { machine }: Site,
  builder: Builder,
  needs: readonly Need[] | null,
  f: () => T,
  loop = false,
): Trial<T> => {
  const outer = machine.builder;
  const journal: Journal = { since: nextSerial(), before: new Map(), loop };
  machine.journals.push(journal);
  machine.conditions.push(needs);
  machine.open.add(builder);
  machine.builder = builder;
  try {
    const result = builder.at(outer.span(), f);
    const after = new Map([...journal.before.keys()].map((cell) => [cell, stateOf(cell)] as const));
    return { builder, result, before: journal.before, after };
  } finally {
    for (const [cell, state] of journal.before) restore(cell, state);
    machine.builder = outer;
    machine.open.delete(builder);
    machine.conditions.pop();
    machine.journals.pop();
  }
};

/** Goes on in a region's builder, with what it wrote in place. */
export const inTrial = <T>({ machine }: Site, trial: Trial<unknown>, f: () => T): T => {
  const outer = machine.builder;
  for (const [cell, state] of trial.after) restore(cell, state);
  machine.open.add(trial.builder);
  machine.builder = trial.builder;
  try {
    return trial.builder.at(outer.span(), f);
  } finally {
    for (const [cell, state] of trial.before) restore(cell, state);
    machine.builder = outer;
    machine.open.delete(trial.builder);
  }
};

const isOutermost = (machine: Machine, array: ArrayValue): boolean => {
  const outer = machine.journals.at(-1);
  return outer === undefined || array.born > outer.since;
};

/** Again and again, until every array of the surroundings that `f` needs staged is. */
export const withRows = <T>(site: Site, f: () => T): T => {
  for (;;) {
    try {
      return f();
    } catch (e) {
      if (e instanceof NeedGrowth && isOutermost(site.machine, e.array)) {
        if (!grow(site, e.array, e.layout, e.capacity)) throw e.otherwise;
        continue;
      }
      if (!(e instanceof NeedRows) || !isOutermost(site.machine, e.array)) throw e;
      // Staged already: `f` takes it apart, and would again.
      const isApart = e.array.held.kind !== "list";
      if (!isApart && tryStageRows(site, e.array)) continue;
      if (e.needs !== null && e.needs.length > 0) throw new NeedStatic(e.needs);
      refuse(
        site,
        "TSJ1102",
        "an index into an array of unlike values must be known at compile time, but it is computed at run time",
        "keep numbers in arrays of numbers, and rows of one length",
      );
    }
  }
};

/** A region with the values of its surroundings that it reads, in order. */
export interface Closed {
  readonly fn: IrFunction;
  readonly free: readonly Var[];
}

/** Makes regions closed: what any of them reads from outside becomes a parameter of all, after the first `own`. */
export const closeRegions = (
  regions: readonly { readonly fn: IrFunction; readonly own: number }[],
): { readonly fns: readonly IrFunction[]; readonly free: readonly Var[] } => {
  const free = [...new Set(regions.flatMap(({ fn }) => freeVars(fn)))];
  const fns = regions.map(({ fn, own }) => {
    const b = createBuilder();
    const first = fn.params.slice(0, own).map((p) => b.param(p.type));
    const consts = free.map((v) => b.param(v.type));
    const rest = fn.params.slice(own).map((p) => b.param(p.type));
    const open: IrFunction = {
      ...fn,
      params: [...fn.params.slice(0, own), ...free, ...fn.params.slice(own)],
    };
    return b.finish(fn.name, b.inline(open, [...first, ...consts, ...rest]));
  });
  return { fns, free };
};

/** A throw that leaves a loop's body or a transform on every path. */
export const refuseThrow = (site: Site, text: string): never =>
  refuse(site, "TSJ1120", `this throw is reached at compile time: ${text}`);
