/** How statements end, where that may be known only at run time. */
import type { Site } from "./machine.js";
import { derived, tensorOf, varOf } from "./tensors.js";
import { isStatic, staticValue, type TensorValue, UNDEFINED, type Value } from "./values.js";

export type Exit =
  /** `throw`: to a `catch` of the same function. */
  | { readonly kind: "return" | "throw"; readonly value: Value }
  | { readonly kind: "break" | "continue"; readonly label: string | null };

/** One way out: taken where `flag` (a boolean, staged or true) holds. At most one flag of a completion does. */
export interface PossibleExit {
  readonly flag: Value;
  readonly exit: Exit;
}

/** How a statement ended: null went on to the next, `partial` depends on the run. */
export type Completion =
  | null
  | Exit
  | {
      readonly kind: "partial";
      readonly exits: readonly PossibleExit[];
      /** Whether it may also have gone on to the next. */
      readonly falls: boolean;
    };

const TRUE = staticValue(true);
const FALSE = staticValue(false);

/** What tells ways out apart. */
export const targetOf = (exit: Exit): string =>
  "value" in exit ? exit.kind : `${exit.kind} ${exit.label ?? ""}`;

/** What is returned or thrown. */
export const valueIn = (exit: Exit): Value | null => ("value" in exit ? exit.value : null);
export const withValue = (exit: Exit, value: Value): Exit =>
  "value" in exit ? { kind: exit.kind, value } : exit;

export const exitsOf = (end: Completion): readonly PossibleExit[] =>
  end === null ? [] : end.kind === "partial" ? end.exits : [{ flag: TRUE, exit: end }];

export const fallsThrough = (end: Completion): boolean =>
  end === null || (end.kind === "partial" && end.falls);

/** The completion with these ways out. */
export const completionOf = (exits: readonly PossibleExit[], falls: boolean): Completion => {
  const [only] = exits;
  if (only === undefined) return null;
  if (exits.length === 1 && (!falls || only.flag === TRUE)) return only.exit;
  return { kind: "partial", exits, falls };
};

/** Without the ways out that end here: they go on. */
export const absorb = (end: Completion, ends: (exit: Exit) => boolean): Completion => {
  if (end === null) return null;
  const exits = exitsOf(end);
  const rest = exits.filter((e) => !ends(e.exit));
  return rest.length === exits.length ? end : completionOf(rest, true);
};

/** Where some way out was taken. */
export const anyTaken = (site: Site, exits: readonly PossibleExit[]): TensorValue => {
  const { builder } = site.machine;
  const flags = exits.map((e) =>
    e.flag.kind === "tensor"
      ? e.flag
      : tensorOf(site, builder.scalar(isTrue(e.flag) ? 1 : 0, "bool"), { weak: true }),
  );
  const vars = flags.map((f) => varOf(site, f)).reduce((p, q) => builder.or(p, q));
  return flags.length === 1 && flags[0] !== undefined ? flags[0] : derived(site, flags, vars, true);
};

const isTrue = (flag: Value): boolean => isStatic(flag) && flag.value === true;

/** Values of two completions side by side, and how to make one of them again. */
export interface Aligned {
  readonly pairs: readonly (readonly [Value | null, Value | null])[];
  readonly rebuild: (merged: readonly Value[], taken: Value, notTaken: Value) => Completion;
}

/** Lines up the ways out of two paths for a merge. */
export const align = (a: Completion, b: Completion): Aligned => {
  const [x, y] = [exitsOf(a), exitsOf(b)];
  const targets = [...new Set([...x, ...y].map((e) => targetOf(e.exit)))];
  const rows = targets.map((target) => ({
    p: x.find((e) => targetOf(e.exit) === target) ?? null,
    q: y.find((e) => targetOf(e.exit) === target) ?? null,
  }));
  const pairs: (readonly [Value | null, Value | null])[] = [];
  for (const { p, q } of rows) {
    pairs.push([p?.flag ?? FALSE, q?.flag ?? FALSE]);
    const value = (e: PossibleExit | null): Value | null => (e === null ? null : valueIn(e.exit));
    pairs.push([value(p), value(q)]);
  }
  const falls = fallsThrough(a) || fallsThrough(b);
  return {
    pairs,
    rebuild: (merged, taken, notTaken) => {
      const exits = rows.map(({ p, q }, k): PossibleExit => {
        const exit: Exit = (p ?? q)?.exit ?? { kind: "return", value: UNDEFINED };
        const whole = p?.flag === TRUE && q === null;
        const other = q?.flag === TRUE && p === null;
        const flag = whole ? taken : other ? notTaken : (merged[2 * k] ?? FALSE);
        const value = merged[2 * k + 1] ?? UNDEFINED;
        return {
          flag: isTrue(flag) ? TRUE : flag,
          exit: withValue(exit, value),
        };
      });
      return completionOf(exits, falls);
    },
  };
};

/** The same completion on the path where some way out is known to be taken. */
export const taken = (end: Completion): Completion => completionOf(exitsOf(end), false);
