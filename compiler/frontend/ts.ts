/** The TypeScript parser, loaded on first use: importing the package must not load it. */
import { createRequire } from "node:module";
import type { ts } from "ts-morph";

export type TypeScript = typeof ts;

let loaded: TypeScript | null = null;

/** `ts` of ts-morph; the first call takes some 0.3 s. */
export const typescript = (): TypeScript => {
  loaded ??= (createRequire(import.meta.url)("ts-morph") as { readonly ts: TypeScript }).ts;
  return loaded;
};
