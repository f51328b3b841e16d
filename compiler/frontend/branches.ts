/** Branches under conditions that may be known only at run time. */

import { createBuilder } from "../ir/builder.js";
import { align, type Completion } from "./completions.js";
import type { Side } from "./identities.js";
import { refuse, type Site } from "./machine.js";
import { mergeTrials } from "./merge.js";
import { StagedThrow, type Trial, tryRegion, withRows } from "./regions.js";
import { derived, tensorOf, varOf } from "./tensors.js";
import { nextSerial, type TensorValue, UNDEFINED, type Value } from "./values.js";

const isThrow = <T>(r: Trial<T> | StagedThrow): r is StagedThrow => r instanceof StagedThrow;

/** A region, or the throw that it always reaches. */
const tryPath = <T>(site: Site, cond: TensorValue, f: () => T): Trial<T> | StagedThrow => {
  try {
    return tryRegion(site, createBuilder(), cond.needs, f);
  } catch (e) {
    if (e instanceof StagedThrow) return e;
    throw e;
  }
};

/** `!cond`, staged. */
export const notOf = (site: Site, cond: TensorValue): TensorValue =>
  derived(site, [cond], site.machine.builder.not(varOf(site, cond)), true);

/** Fails the run unless `cond` holds. */
const emitCheck = (site: Site, cond: TensorValue, { text, site: at }: StagedThrow): void => {
  const { builder } = site.machine;
  const span = at.node === null || at.frame === null ? null : at.frame.source.spanOf(at.node);
  builder.at(span, () =>
    builder.emit("check", [varOf(site, cond), builder.scalar(0, "i32")], { code: "TSJ1120", message: text }),
  );
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
    const a = tryPath(site, cond, whenTrue);
    const b = tryPath(site, cond, whenFalse);
    if (isThrow(a) || isThrow(b)) refuseInTry(site);
    if (isThrow(a)) {
      emitCheck(site, notOf(site, cond), a);
      if (isThrow(b)) throw b;
      return whenFalse();
    }
    if (isThrow(b)) {
      emitCheck(site, cond, b);
      return whenTrue();
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
