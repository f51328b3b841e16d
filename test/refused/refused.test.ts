/**
 * What is refused: each file of test/fixtures/refused makes one mistake, and NAME.expect.md has the exact text that answers
 * it. TSCJIT_UPDATE=1 writes the texts anew; then read the difference.
 */
import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CODES } from "../../compiler/frontend/codes.js";
import { TscJitError } from "../../runtime/index.js";
import { UNREACHABLE } from "./unreachable.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "test", "fixtures", "refused");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
  .sort();

/** Mistakes in code that has no file: it was evaluated from a text. */
const WITHOUT_FILE: ReadonlySet<string> = new Set(["constant-assigned", "eval-made-function"]);

interface Fixture {
  readonly default: () => unknown;
}
const fixtures = new Map<string, Fixture>();
for (const name of names) fixtures.set(name, await import(pathToFileURL(join(folder, `${name}.ts`)).href));

const errorOf = (name: string): TscJitError => {
  try {
    fixtures.get(name)?.default();
  } catch (error) {
    if (error instanceof TscJitError) return error;
    throw error;
  }
  throw new Error(`${name} is not refused`);
};

const goldenOf = (error: TscJitError): string => {
  const text = error.message.replaceAll(`${folder}/`, "").replaceAll(root, "");
  return `\`\`\`\n${text.replace(/evaluated-\d+/g, "evaluated-N")}\n\`\`\`\n`;
};

/** Codes that the sources of the library name. */
const codesOfSources = (): ReadonlySet<string> => {
  const codes = new Set<string>();
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const below = join(path, entry.name);
      if (entry.isDirectory()) visit(below);
      else if (entry.name.endsWith(".ts"))
        for (const [, code = ""] of readFileSync(below, "utf8").matchAll(/"(TSJ\d{4})"/g)) codes.add(code);
    }
  };
  for (const part of ["compiler", "runtime", "autodiff"]) visit(join(root, part));
  for (const code of Object.keys(CODES)) codes.add(code);
  return codes;
};

describe("what is refused", () => {
  const seen = new Set<string>();

  for (const name of names)
    it(name, () => {
      const error = errorOf(name);
      for (const { code, kind } of error.diagnostics) {
        seen.add(code);
        assert.notEqual(kind, "internal", error.message);
        if (code.startsWith("TSJ1")) assert.ok(code in CODES, `${code} is not listed in codes.ts`);
      }
      if (!WITHOUT_FILE.has(name)) assert.ok(error.message.includes(`${name}.ts:`), error.message);
      const golden = join(folder, `${name}.expect.md`);
      const text = goldenOf(error);
      if (process.env.TSCJIT_UPDATE === "1") writeFileSync(golden, text);
      assert.ok(existsSync(golden), `${dirname(golden)} has no text for ${name}`);
      assert.equal(text, readFileSync(golden, "utf8"));
    });

  it("every text belongs to a file", () => {
    const texts = readdirSync(folder).filter((file) => file.endsWith(".expect.md"));
    const found = texts.map((file) => file.slice(0, -".expect.md".length)).sort();
    assert.deepEqual(found, names);
    assert.ok(names.length >= 40);
  });

  it("every code that a user can reach has a file", () => {
    const missing = [...codesOfSources()].filter((code) => !seen.has(code) && !(code in UNREACHABLE));
    assert.deepEqual(missing.sort(), []);
  });

  it("no code that counts as unreachable is reached, or gone", () => {
    const codes = codesOfSources();
    for (const code of Object.keys(UNREACHABLE)) {
      assert.ok(!seen.has(code), `${code} is reached`);
      assert.ok(codes.has(code), `${code} is in no source`);
    }
  });
});
