/** Loads the corpus: every file of test/fixtures/corpus that exports `cases`. */
import { readdirSync } from "node:fs";
import type { Corpus, CorpusCase } from "../fixtures/corpus/case.js";

const FOLDER = new URL("../fixtures/corpus/", import.meta.url);

// Imported by computed names: the corpus is checked by its own tsconfig, as its authors' projects would check it.
const load = async (file: string): Promise<Corpus> => {
  const module: { readonly cases?: Corpus } = await import(new URL(file, FOLDER).href);
  return module.cases ?? {};
};

/** Theme (file name) to its cases. */
export const loadCorpus = async (): Promise<ReadonlyMap<string, Corpus>> => {
  const themes = new Map<string, Corpus>();
  for (const file of readdirSync(FOLDER).sort()) {
    if (!file.endsWith(".ts") || file === "case.ts") continue;
    themes.set(file.slice(0, -3), await load(file));
  }
  return themes;
};

export const findCase = (corpus: ReadonlyMap<string, Corpus>, name: string): CorpusCase => {
  for (const cases of corpus.values()) {
    const found = cases[name];
    if (found !== undefined) return found;
  }
  throw new Error(`the corpus has no function ${name}`);
};
