/**
 * Several faults of one staging. Where a part of the program is refused, staging goes on with the next part: what the
 * refused one would have given is an unknown value, and whatever needs to know such a value is unknown too, in silence.
 * `tsc-jit check` stages the same way, with unknown values for what only a call can tell.
 */
import { type Diagnostic, errorOf, TscJitError } from "../diagnostics.js";
import { withCall } from "./call-trail.js";
import type { Code } from "./codes.js";
import { type Machine, NeedStatic, type Site } from "./machine.js";
import { tensorOf } from "./tensors.js";
import type { AnyFunction } from "./types.js";
import type { Cause, Need, TensorValue, UnmergedValue, Value } from "./values.js";

export interface Fault {
  readonly diagnostic: Diagnostic;
  /** On a path that a call may not take: what decides it is unknown. */
  readonly uncertain: boolean;
}

/** A call being staged. */
interface ActiveCall {
  readonly site: Site;
  readonly name: string;
  /** The function's syntax, or the function itself. */
  readonly callee: object;
}

export interface Faults {
  /** By place and code: loops and branches are staged more than once. */
  readonly found: Map<string, Fault>;
  /** What kept parts of the program from being looked at, by text. */
  readonly causes: Map<string, Cause>;
  readonly calls: ActiveCall[];
  /** Functions that were called with no unknown argument. */
  readonly entered: Set<object>;
  /** Iterations of unrolled loops that may have been left, of those being run. */
  exits: number;
  /** Unknown values that expressions have given so far. */
  unknowns: number;
  /** Stands in for names and native functions of a program that does not run; null where it does. */
  readonly world: World | null;
}

/** What a program that is only read may use of the process that reads it. */
export interface World {
  /** A global variable; null where it means what it means here. */
  readonly global: (site: Site, name: string) => Value | null;
  /** Whether a native function has no effects. */
  readonly isPure: (fn: AnyFunction) => boolean;
}

export const createFaults = (world: World | null = null): Faults => ({
  found: new Map(),
  causes: new Map(),
  calls: [],
  entered: new Set(),
  exits: 0,
  unknowns: 0,
  world,
});

/** A value that nothing is known of. */
export const unknownValue = (needs: readonly Need[]): UnmergedValue => ({
  kind: "unmerged",
  reason: "unknown here",
  needs,
  span: null,
});

const SILENT: Need = { kind: "unknown", cause: null, staged: false };
/** What a refused part of the program gives. */
export const REFUSED = unknownValue([SILENT]);

/** Unknown for a reason that is told where it matters. */
export const unknownFor = (cause: Cause): UnmergedValue =>
  unknownValue([{ kind: "unknown", cause, staged: false }]);

/** Of numbers of an argument, whose values only a call tells. */
export const numberNeeds = (cause: Cause): readonly Need[] => [{ kind: "unknown", cause, staged: true }];

/** A number argument: one of the program, unless its value is needed. */
export const numberValue = (site: Site, cause: Cause): TensorValue => {
  const { root } = site.machine;
  const value = tensorOf(site, root.param({ dtype: "f64", shape: [] }), {
    weak: true,
    needs: numberNeeds(cause),
  });
  return { ...value, builder: root, fixed: "argument" };
};

const isUnknownNeed = (need: Need): need is Need & { readonly kind: "unknown" } => need.kind === "unknown";

export const isUnknownNeeds = (needs: readonly Need[] | null): needs is readonly Need[] =>
  needs?.some(isUnknownNeed) === true;

export const isUnknown = (value: Value | undefined): value is UnmergedValue =>
  value?.kind === "unmerged" && isUnknownNeeds(value.needs);

/** A truth value that is unknown: both ways are staged. */
export const unknownCondition = (site: Site, needs: readonly Need[]): TensorValue => {
  const { root } = site.machine;
  const v = root.param({ dtype: "bool", shape: [] });
  return { ...tensorOf(site, v, { weak: true, needs }), builder: root };
};

const noteCauses = ({ causes }: Faults, needs: readonly Need[]): void => {
  for (const need of needs)
    if (isUnknownNeed(need) && need.cause !== null)
      causes.set(
        `${need.cause.reason} ${need.cause.subject} ${need.cause.span?.file}:${need.cause.span?.line}`,
        need.cause,
      );
};

/** To be called with what an expression gave. */
export const noteValue = (faults: Faults, value: Value): void => {
  if (!isUnknown(value)) return;
  faults.unknowns++;
  noteCauses(faults, value.needs ?? []);
};

/** Faults that end the staging: what grows without bounds would grow on. */
const FATAL: ReadonlySet<string> = new Set<Code>(["TSJ1110", "TSJ1111"]);

/** Faults of what is written there, whatever the values are. */
const CERTAIN: ReadonlySet<string> = new Set<Code>([
  ...(["TSJ1001", "TSJ1002", "TSJ1004", "TSJ1005", "TSJ1010", "TSJ1021", "TSJ1022", "TSJ1030"] as const),
]);

const keyOf = ({ code, span, message }: Diagnostic): string =>
  span === null ? `${code} ${message}` : `${span.file}:${span.line}:${span.column} ${code}`;

/** Notes the faults of an error at the place where it arose. */
export const report = (machine: Machine, faults: Faults, error: TscJitError): void => {
  const uncertain = machine.conditions.some(
    (needs) => needs?.some((n) => isUnknownNeed(n) && !n.staged) === true,
  );
  const traced = faults.calls.reduceRight((e, { site, name }) => withCall(site, name, e), error);
  for (const diagnostic of traced.diagnostics) {
    const key = keyOf(diagnostic);
    const before = faults.found.get(key);
    if (before === undefined || (before.uncertain && !uncertain))
      faults.found.set(key, { diagnostic, uncertain });
  }
};

/**
 * What stands for the value of a part of the program that threw `e`; throws `e` on where it is no fault of that part.
 * `unknowns`: their count before it began.
 */
export const absorbFault = (machine: Machine, e: unknown, unknowns: number): UnmergedValue => {
  const { faults } = machine;
  if (faults === null) throw e;
  if (e instanceof NeedStatic) {
    const needs = e.needs.filter(isUnknownNeed);
    if (needs.length === 0) throw e;
    noteCauses(faults, needs);
    faults.unknowns++;
    return unknownValue(needs);
  }
  if (!(e instanceof TscJitError) || FATAL.has(e.code)) throw e;
  const isOurs = e.diagnostics.some((d) => d.kind === "internal");
  if (isOurs && faults.unknowns === 0) throw e;
  // What a part with unknown values is refused for may be that they are unknown.
  const isCertain = faults.unknowns === unknowns || CERTAIN.has(e.code);
  if (isCertain && !isOurs) report(machine, faults, e);
  faults.unknowns++;
  return REFUSED;
};

/** Runs a part of the program that gives a value. */
export const collecting = (machine: Machine, f: () => Value, refused: () => void): Value => {
  const { faults, unrolled } = machine;
  const before = faults?.unknowns ?? 0;
  try {
    const value = f();
    if (faults !== null) noteValue(faults, value);
    return value;
  } catch (e) {
    const value = absorbFault(machine, e, before);
    machine.unrolled = unrolled;
    refused();
    return value;
  }
};

/** A native function that may have effects is not called while a program is only read: what it gives is unknown. */
export const requirePure = ({ machine }: Site, fn: AnyFunction): void => {
  const world = machine.faults?.world ?? null;
  if (world === null || world.isPure(fn)) return;
  const cause: Cause = {
    subject: `the result of \`${fn.name}\``,
    reason: "run",
    span: machine.builder.span(),
  };
  throw new NeedStatic(unknownFor(cause).needs ?? []);
};

/** Iterations that are followed where a number argument decides whether there is a next one. */
const MAX_EXITS = 32;

/** Goes on behind an iteration that a loop may have been left in. Where that is unknown, there would be no end of it. */
export const followExits = <T>({ faults }: Machine, leaves: TensorValue, next: () => T): T => {
  if (faults === null || !isUnknownNeeds(leaves.needs)) return next();
  const isOpen = leaves.needs.some((need) => isUnknownNeed(need) && !need.staged);
  if (isOpen || faults.exits >= MAX_EXITS) throw new NeedStatic(leaves.needs);
  faults.exits++;
  try {
    return next();
  } finally {
    faults.exits--;
  }
};

/** A recursion that what is unknown would end is not followed. */
export const stopRecursion = ({ faults, conditions }: Machine, callee: object): void => {
  if (faults === null || !faults.calls.some((call) => call.callee === callee)) return;
  for (const needs of conditions) if (isUnknownNeeds(needs)) throw new NeedStatic(needs);
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** By file, line and column; what has no place comes first. */
export const comparePlaces = (a: Diagnostic, b: Diagnostic): number => {
  const [p, q] = [a.span, b.span];
  if (p === null || q === null) return Number(p !== null) - Number(q !== null);
  return compareText(p.file, q.file) || p.line - q.line || p.column - q.column || compareText(a.code, b.code);
};

/** The error with all faults that were found: its own first, then the others by place. */
export const withFound = (error: TscJitError, faults: Faults): TscJitError => {
  const own = new Set(error.diagnostics.map(keyOf));
  const others = [...faults.found]
    .flatMap(([key, { diagnostic, uncertain }]) => (own.has(key) || uncertain ? [] : [diagnostic]))
    .sort(comparePlaces);
  return others.length === 0 ? error : errorOf([...error.diagnostics, ...others], { cause: error });
};
