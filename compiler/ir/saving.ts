/**
 * What a derivative keeps of a function under `checkpoint`: the policies of the language, and the texts that stand for them in
 * the IR, by which each equation is judged.
 * - `dots`: products; `dotsWithNoBatchDims`: those without batch axes
 * - `name N`: the value named N; `names`: all named values but those of `but N`
 * - `rest`: whatever is neither a product nor named
 */
import type { Eqn } from "./types.js";

/** Plain data, so that a policy can be part of a program's text and of the key it is cached by. */
export type CheckpointPolicy =
  | "nothingSaveable"
  | "everythingSaveable"
  | "dotsSaveable"
  | "dotsWithNoBatchDimsSaveable"
  /** The values that `checkpointName` gives these names. */
  | { readonly saveOnlyTheseNames: readonly string[] }
  /** Named values but these; nothing else. */
  | { readonly saveAnyNamesButThese: readonly string[] }
  /** Everything but the values of these names. */
  | { readonly saveAnythingExceptTheseNames: readonly string[] }
  | { readonly saveFromBothPolicies: readonly [CheckpointPolicy, CheckpointPolicy] };

interface Saving {
  readonly dots: "none" | "dotsWithNoBatchDims" | "dots";
  /** Those in the list, or all but those. */
  readonly names: { readonly all: boolean; readonly list: readonly string[] };
  readonly rest: boolean;
}

const NO_NAMES = { all: false, list: [] } as const;
const NOTHING: Saving = { dots: "none", names: NO_NAMES, rest: false };
const EVERYTHING: Saving = { dots: "dots", names: { all: true, list: [] }, rest: true };

const WORDS: ReadonlyMap<unknown, Saving> = new Map<unknown, Saving>([
  ["nothingSaveable", NOTHING],
  ["everythingSaveable", EVERYTHING],
  ["dotsSaveable", { ...NOTHING, dots: "dots" }],
  ["dotsWithNoBatchDimsSaveable", { ...NOTHING, dots: "dotsWithNoBatchDims" }],
]);

const bothNames = (a: Saving["names"], b: Saving["names"]): Saving["names"] => {
  if (a.all && b.all) return { all: true, list: a.list.filter((name) => b.list.includes(name)) };
  if (b.all) return bothNames(b, a);
  if (a.all) return { all: true, list: a.list.filter((name) => !b.list.includes(name)) };
  return { all: false, list: [...new Set([...a.list, ...b.list])] };
};

const bothDots = (a: Saving["dots"], b: Saving["dots"]): Saving["dots"] => {
  if (a === "none") return b;
  return b === "none" || a === "dots" ? a : b;
};

const isTexts = (x: unknown): x is readonly string[] =>
  Array.isArray(x) && x.every((text) => typeof text === "string");

/** What a policy keeps; null for what is none. */
const savingOf = (policy: unknown): Saving | null => {
  const word = WORDS.get(policy);
  if (word !== undefined) return word;
  if (typeof policy !== "object" || policy === null) return null;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(policy);
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) return null;
  const [key, value] = entry;
  if (key === "saveFromBothPolicies") {
    const [a, b] = Array.isArray(value) && value.length === 2 ? value.map(savingOf) : [];
    if (a === undefined || b === undefined || a === null || b === null) return null;
    return {
      dots: bothDots(a.dots, b.dots),
      names: bothNames(a.names, b.names),
      rest: a.rest || b.rest,
    };
  }
  if (!isTexts(value)) return null;
  if (key === "saveOnlyTheseNames") return { ...NOTHING, names: { all: false, list: value } };
  if (key === "saveAnyNamesButThese") return { ...NOTHING, names: { all: true, list: value } };
  if (key === "saveAnythingExceptTheseNames") return { ...EVERYTHING, names: { all: true, list: value } };
  return null;
};

/** The texts of a policy, in one order; null for what is none. */
export const textsOf = (policy: unknown): readonly string[] | null => {
  const saving = savingOf(policy);
  if (saving === null) return null;
  const { dots, names, rest } = saving;
  const listed = [...new Set(names.list)].sort();
  return [
    ...(dots === "none" ? [] : [dots]),
    ...(names.all ? ["names", ...listed.map((n) => `but ${n}`)] : listed.map((n) => `name ${n}`)),
    ...(rest ? ["rest"] : []),
  ];
};

/** Whether nothing need be computed again. */
export const savesAll = (save: readonly string[]): boolean =>
  ["dots", "names", "rest"].every((text) => save.includes(text)) && save.length === 3;

/** Whether the value of an equation is kept. */
export const isSaved = (save: readonly string[], eqn: Eqn): boolean => {
  switch (eqn.op) {
    case "name": {
      const { name } = eqn.params;
      return save.includes(`name ${name}`) || (save.includes("names") && !save.includes(`but ${name}`));
    }
    case "dot": {
      const isBatched = eqn.params.lhsBatch.length > 0;
      return save.includes("dots") || (save.includes("dotsWithNoBatchDims") && !isBatched);
    }
    default:
      return save.includes("rest");
  }
};
