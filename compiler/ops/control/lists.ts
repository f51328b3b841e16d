/** Lists that run beside each other: flags, values and values that may be missing. */

/** The items whose flag is set. */
export const pick = <T>(items: readonly T[], flags: readonly boolean[]): readonly T[] =>
  items.filter((_, k) => flags[k] === true);

/** Inverse of `pick`: the items at the places whose flag is set, null at the others. */
export const spread = <T>(items: readonly T[], flags: readonly boolean[]): readonly (T | null)[] => {
  const left = [...items];
  return flags.map((flag) => (flag ? (left.shift() ?? null) : null));
};

export const present = <T>(items: readonly (T | null)[]): readonly T[] => items.filter((x) => x !== null);

export const isPresent = (items: readonly unknown[]): readonly boolean[] => items.map((x) => x !== null);

export const either = (a: readonly boolean[], b: readonly boolean[]): readonly boolean[] =>
  a.map((x, k) => x || b[k] === true);

export const negated = (flags: readonly boolean[]): readonly boolean[] => flags.map((x) => !x);

/** The least flags that contain `start` and are closed under `step`. */
export const closure = (
  start: readonly boolean[],
  step: (flags: readonly boolean[]) => readonly boolean[],
): readonly boolean[] => {
  let flags = start;
  for (;;) {
    const next = either(flags, step(flags));
    if (next.every((x, k) => x === flags[k])) return flags;
    flags = next;
  }
};
