/** The TypeScript parser, loaded on first use: importing the package must not load it. */
import { createRequire } from "node:module";
import type { ts } from "ts-morph";

export type TypeScript = typeof ts;

let loaded: TypeScript | null = null;

/**
 * `ts` of ts-morph, from the part of it that holds the parser: a third faster to load than the whole (0.2 s), and 7 MB smaller.
 */
export const typescript = (): TypeScript => {
  if (loaded !== null) return loaded;
  const require = createRequire(import.meta.url);
  const requireThere = createRequire(require.resolve("ts-morph"));
  loaded = (requireThere("@ts-morph/common") as { readonly ts: TypeScript }).ts;
  return loaded;
};
