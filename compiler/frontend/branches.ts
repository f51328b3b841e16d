/** Branches under conditions that may be known only at run time. */

import { type Builder, createBuilder } from "../ir/builder.js";
import { literalText } from "../ops/check-text.js";
import type { Code } from "./codes.js";
import { align, type Completion } from "./completions.js";
import { withFact } from "./facts.js";
import type { Side } from "./identities.js";
import { refuse, type Site, spanAt } from "./machine.js";
import { mergeTrials } from "./merge.js";
import { closeRegions, StagedThrow, type Trial, tryRegion, withRows } from "./regions.js";
import { derived, tensorOf, varOf } from "./tensors.js";
import { nextSerial, type TensorValue, UNDEFINED, type Value } from "./values.js";

/** A region that always reaches a throw. */
interface Thrown {
  readonly builder: Builder;
  readonly error: StagedThrow;
}
const isThrow = <T>(r: Trial<T> | Thrown): r is Thrown => "error" in r;

/** A region, or the throw that it always reaches. */
const tryPath = <T>(site: Site, cond: TensorValue, f: () => T): Trial<T> | Thrown => {
  const builder = createBuilder();
  try {
    return tryRegion(site, builder, cond.needs, f);
  } catch (error) {
    if (error instanceof StagedThrow) return { builder, error };
    throw error;
  }
};

/** `!cond`, staged. */
export const notOf = (site: Site, cond: TensorValue): TensorValue =>
  derived(site, [cond], site.machine.builder.not(varOf(site, cond)), true);

/** Fails the run where `cond` holds: by the region itself where the throw needs values of its own. */
const emitThrow = (site: Site, cond: TensorValue, { builder: own, error }: Thrown): void => {
  const { builder } = site.machine;
  if (error.stands === own) {
    const { fns, free } = closeRegions([
      { fn: own.finish("then", []), own: 0 },
      { fn: createBuilder().finish("else", []), own: 0 },
    ]);
    const [then, otherwise] = fns;
    if (then !== undefined && otherwise !== undefined)
      builder.emitAll("if", [varOf(site, cond), ...free], { then, else: otherwise });
    return;
  }
  const holds = varOf(site, notOf(site, cond));
  builder.at(spanAt(error.site), () =>
    builder.emit("check", [holds, builder.scalar(0, "i32")], {
      code: "TSJ1120" satisfies Code,
      message: literalText(error.text),
    }),
  );
};

/** The throw of a region that is run on every path that is left. */
const throwOn = (site: Site, { builder: own, error }: Thrown): never => {
  if (error.stands !== own) throw error;
  const { builder } = site.machine;
  builder.inline(own.finish("throw", []), []);
  throw new StagedThrow(error.site, error.text, error.value, builder);
};

/** In a `try` a throw does not end the run: only one that stands in the block itself can be followed to its `catch`. */
const refuseInTry = (site: Site): void => {
  if (site.machine.catching > 0)
    refuse(
      site,
      "TSJ1040",
      "a function that `try` calls throws on a path that is known only at run time",
      "return a number that says that there is no result (NaN), and test it: if (Number.isNaN(y)) ...",
    );
};

/** Runs both paths and merges what they wrote; `combine` lines up what they gave. */
const branch = <T>(
  site: Site,
  cond: TensorValue,
  whenTrue: () => T,
  whenFalse: () => T,
  combine: (a: T, b: T, merge: (pairs: readonly (readonly [Side, Side])[]) => readonly Value[]) => T,
): T =>
  withRows(site, () => {
    const since = nextSerial();
    const onTrue = (): T => withFact(site, cond, true, whenTrue);
    const onFalse = (): T => withFact(site, cond, false, whenFalse);
    const a = tryPath(site, cond, onTrue);
    const b = tryPath(site, cond, onFalse);
    if (isThrow(a) || isThrow(b)) refuseInTry(site);
    if (isThrow(a)) {
      emitThrow(site, cond, a);
      return isThrow(b) ? throwOn(site, b) : onFalse();
    }
    if (isThrow(b)) {
      emitThrow(site, notOf(site, cond), b);
      return onTrue();
    }
    return combine(a.result, b.result, (pairs) => mergeTrials(site, cond, a, b, pairs, since));
  });

/** The value of one of two expressions. */
export const chooseValue = (
  site: Site,
  cond: boolean | TensorValue,
  whenTrue: () => Value,
  whenFalse: () => Value,
): Value => {
  if (typeof cond === "boolean") return cond ? whenTrue() : whenFalse();
  return branch(site, cond, whenTrue, whenFalse, (a, b, merge) => merge([[a, b]])[0] ?? UNDEFINED);
};

/** One of two pieces of code, and how it ended. */
export const chooseCompletion = (
  site: Site,
  cond: boolean | TensorValue,
  whenTrue: () => Completion,
  whenFalse: () => Completion,
): Completion => {
  if (typeof cond === "boolean") return cond ? whenTrue() : whenFalse();
  return branch(site, cond, whenTrue, whenFalse, (a, b, merge) => {
    const { pairs, rebuild } = align(a, b);
    const merged = merge(pairs);
    const needsNot = pairs.length > 0;
    return rebuild(merged, cond, needsNot ? notOf(site, cond) : cond);
  });
};

/** A staged boolean from conditions: `a && b` and `a || b` where only their truth matters. */
export const logical = (
  site: Site,
  operator: "&&" | "||",
  left: boolean | TensorValue,
  right: () => boolean | TensorValue,
): boolean | TensorValue => {
  if (typeof left === "boolean") return left === (operator === "&&") ? right() : left;
  return operator === "&&"
    ? chooseTruth(site, left, right, () => false)
    : chooseTruth(site, left, () => true, right);
};

/** A staged boolean: one of two conditions, as `a ? b : c` where only its truth matters. */
export const chooseTruth = (
  site: Site,
  cond: boolean | TensorValue,
  whenTrue: () => boolean | TensorValue,
  whenFalse: () => boolean | TensorValue,
): boolean | TensorValue => {
  const value = chooseValue(
    site,
    cond,
    () => asValue(whenTrue()),
    () => asValue(whenFalse()),
  );
  if (value.kind === "tensor") return value;
  return value.kind === "static" ? Boolean(value.value) : refuse(site, "TSJ1052", "this is no truth value");
};

export const asValue = (cond: boolean | TensorValue): Value =>
  typeof cond === "boolean" ? { kind: "static", value: cond } : cond;

export const stagedBool = (site: Site, cond: boolean | TensorValue): TensorValue =>
  typeof cond === "boolean"
    ? tensorOf(site, site.machine.builder.scalar(cond ? 1 : 0, "bool"), { weak: true })
    : cond;
