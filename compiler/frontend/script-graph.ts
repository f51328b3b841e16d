/** Which of the user's scripts import which, by relative paths. */
import { dirname, join, resolve } from "node:path";
import { loadedScripts, type Script } from "./inspector.js";

const withoutExtension = (path: string): string => path.replace(/\.[cm]?[jt]sx?$/, "");

/** The loaded scripts that a relative specifier names. */
export const scriptsAt = (from: Script, specifier: string): readonly Script[] => {
  const path = resolve(dirname(from.file), specifier);
  const names = [path, withoutExtension(path), join(path, "index")];
  return loadedScripts().filter(({ id, file }) => id !== from.id && names.includes(withoutExtension(file)));
};

const RELATIVE = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'](\.[^"']*)["']/g;

/** All scripts that a script imports, and those that they import, sorted by their files. */
export const importedScripts = (script: Script): readonly Script[] => {
  const found = new Map<string, Script>();
  const visit = (from: Script): void => {
    for (const [, specifier = ""] of from.text.matchAll(RELATIVE))
      for (const next of scriptsAt(from, specifier)) {
        if (next.id === script.id || found.has(next.id)) continue;
        found.set(next.id, next);
        visit(next);
      }
  };
  visit(script);
  return [...found.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
};
