/** Functions of Node's own modules that are written in JavaScript: called as a whole or refused, never looked into. */
import { scriptById, scriptIdOf } from "./inspector.js";
import type { AnyFunction } from "./types.js";

/** Modules whose functions give the same for the same arguments, and do nothing else. */
const PURE =
  /^node:(internal\/)?(path|util|url|buffer|querystring|assert|punycode|encoding|structured_clone)\b/;

/**
 * "pure" may be called while staging, with known arguments; "effect" would read or change the world once, when the function
 * is compiled; null for functions that are not Node's.
 */
export const nodeFunction = (fn: AnyFunction): "pure" | "effect" | null => {
  const id = scriptIdOf(fn);
  const file = id === null ? null : (scriptById(id)?.file ?? null);
  if (file === null || !file.startsWith("node:")) return null;
  return PURE.test(file) ? "pure" : "effect";
};
