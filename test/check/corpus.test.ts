/**
 * Functions that compile have no faults: the corpus, with what its parameters' types tell, and with the sizes and structures
 * that its inputs have.
 */
import { ok, deepStrictEqual as same } from "node:assert/strict";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkModule } from "../../compiler/check/check.js";
import { createProject } from "../../compiler/check/project.js";
import { exportedFunctions } from "../../compiler/check/roots.js";
import * as library from "../../runtime/index.js";
import { loadCorpus } from "../corpus/corpus.js";
import { checkFiles } from "./harness.js";

const folder = fileURLToPath(new URL("../fixtures/corpus/", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** The type of an argument as a parameter's annotation, and how the function gets it; null for what has no such type. */
const typeOf = (value: unknown): string | null => {
  if (typeof value === "number") return "number";
  if (typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return null;
  if (ArrayBuffer.isView(value)) return typeOf(Array.from(value as Float64Array));
  const parts = Object.entries(value).map(([key, item]) => [key, typeOf(item)] as const);
  if (parts.some(([key, type]) => type === null || !(Array.isArray(value) || IDENTIFIER.test(key))))
    return null;
  return Array.isArray(value)
    ? `[${parts.map(([, type]) => type).join(", ")}]`
    : `{ ${parts.map(([key, type]) => `${key}: ${type}`).join("; ")} }`;
};

const passed = (name: string, value: unknown): string =>
  ArrayBuffer.isView(value) ? `${value.constructor.name}.from(${name})` : name;

const themes = await loadCorpus();

describe("check: the corpus", () => {
  for (const file of files)
    it(`${file} has no faults`, () => {
      const project = createProject();
      const checked = checkModule(project, { exports: library }, project.load(folder + file), "all");
      same(
        checked.findings.filter((f) => f.severity !== "note").map((f) => f.diagnostic.message),
        [],
      );
    });

  let count = 0;
  for (const [theme, cases] of themes) {
    it(`${theme} has none on its inputs`, () => {
      const project = createProject();
      const exported = exportedFunctions(project.load(`${folder}${theme}.ts`));
      const calls = Object.values(cases).flatMap(({ fn, inputs: [input = []] }) => {
        const types = input.map(typeOf);
        if (!exported.includes(fn.name) || types.includes(null)) return [];
        const parameters = types.map((type, k) => `a${k}: ${type}`).join(", ");
        const given = input.map((value, k) => passed(`a${k}`, value)).join(", ");
        return [`jit((${parameters}) => ${fn.name}(${given}));`];
      });
      count += calls.length;
      const names = Object.values(cases).flatMap(({ fn }) => (exported.includes(fn.name) ? [fn.name] : []));
      const path = JSON.stringify(`${folder}${theme}.ts`);
      const imports = `import { jit } from "tsc-jit";
import { ${[...new Set(names)].join(", ")} } from ${path};`;
      const { findings } = checkFiles({ "main.ts": [imports, ...calls].join("\n") });
      same(
        findings.flatMap(({ severity, diagnostic: d }) =>
          severity === "note" ? [] : [`${d.span?.line} ${d.code} ${d.message}`],
        ),
        [],
      );
    });
  }

  it("was looked at for the most part", () => ok(count > 60, String(count)));
});
