/** Functions as text: what of them decides a compiled program, and can be compared in another process. */
import { functionFacts, scriptById } from "../compiler/frontend/inspector.js";
import { metaOf } from "../compiler/frontend/registry.js";
import { importedScripts } from "../compiler/frontend/script-graph.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { digest } from "./disk-cache.js";

const sourceOf = (fn: AnyFunction): string => Function.prototype.toString.call(fn);

/** The text of a function, with what transforms were applied to it. */
export const functionText = (fn: AnyFunction): string => {
  const meta = metaOf(fn);
  if (meta === undefined) return sourceOf(fn);
  switch (meta.kind) {
    case "intrinsic":
      return `intrinsic ${meta.id}`;
    case "library":
      return `library ${meta.id}`;
    case "transform":
      return `${JSON.stringify(meta.transform)} of ${functionText(meta.fn)}`;
    default: {
      const never: never = meta;
      return never;
    }
  }
};

const scripts = new Map<string, string>();

/**
 * Which file a function is written in, all of that file's text and those of the files that it imports by relative paths, and the
 * place in it: an assignment anywhere in the file, or beside an exported variable, may make a captured variable one that changes,
 * and equal functions at two places capture different variables. Null where there is no inspector.
 */
const scriptText = (fn: AnyFunction): string | null => {
  const facts = functionFacts(fn);
  if (facts === null) return null;
  const text = digestOfScript(facts.scriptId);
  return text === null ? null : `${text}:${facts.line}:${facts.column}`;
};

const digestOfScript = (scriptId: string): string | null => {
  const known = scripts.get(scriptId);
  if (known !== undefined) return known;
  const script = scriptById(scriptId);
  if (script === null) return null;
  const text = digest(
    [script, ...importedScripts(script)].map((s) => `${s.file}\n${s.text.length}\n${s.text}`).join("\n"),
  );
  scripts.set(scriptId, text);
  return text;
};

/** Names the environment of the process's own: what a program reads there natively is not looked at again. */
const AMBIENT = /\b(process|globalThis|require|import)\b/;

export interface FunctionDescription {
  readonly text: string;
  /** Digest of the script, and the function's place in it; null for functions of ours, which the build identifies. */
  readonly script: string | null;
}

/** Null where a function can't be recognised in another process. */
export const describeFunction = (fn: AnyFunction): FunctionDescription | null => {
  const meta = metaOf(fn);
  const text = functionText(fn);
  if (meta?.kind === "library" || meta?.kind === "intrinsic") return { text, script: null };
  if (meta?.kind === "transform") {
    const inner = describeFunction(meta.fn);
    return inner === null ? null : { text, script: inner.script };
  }
  if (AMBIENT.test(text)) return null;
  return { text, script: scriptText(fn) };
};
