/**
 * Which cotangents a region's transpose gives: found by building it once and throwing it away. It depends on the region and on
 * which of its values are known and which cotangents arrive, so the answer is kept: regions in regions ask for each other's, and
 * without that each level of nesting would build the inner ones twice as often as the one around it.
 */
import type { IrFunction } from "../../ir/types.js";

type Flags = readonly boolean[];

const answers = new WeakMap<IrFunction, Map<string, Flags>>();

/** What `find` gives for the region under these flags; asked once. */
export const presentIn = (region: IrFunction, flags: readonly Flags[], find: () => Flags): Flags => {
  const known = answers.get(region) ?? new Map<string, Flags>();
  answers.set(region, known);
  const key = flags.map((list) => list.map(Number).join("")).join();
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = find();
  known.set(key, found);
  return found;
};
