/** The pages of docs/: each block of TypeScript runs, and prints what its comments say. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));
const docs = join(root, "docs");
const pages = readdirSync(docs).filter((name) => name.endsWith(".md"));

/** Tensors as arrays. */
const shown = (x: unknown): string => {
  const data: unknown = typeof x === "object" && x !== null ? JSON.parse(JSON.stringify(x)) : x;
  if (typeof data === "string") return data;
  const text = inspect(data, { breakLength: Number.POSITIVE_INFINITY, depth: 9 });
  return text.replaceAll("[ ", "[").replaceAll(" ]", "]");
};

/** What the block prints, line by line. */
const run = async (folder: string, name: string, block: string): Promise<readonly string[]> => {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, block.replace('"tsc-jit"', '"../../runtime/index.js"'));
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: readonly unknown[]) => {
    lines.push(values.map(shown).join(" "));
  };
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return lines;
};

describe("the pages of docs", () => {
  let folder = "";
  before(() => {
    mkdirSync(join(root, ".cache"), { recursive: true });
    folder = mkdtempSync(join(root, ".cache", "docs-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const page of pages) {
    const text = readFileSync(join(docs, page), "utf8");
    const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
    it(`${page} has examples`, () => {
      assert.ok(blocks.length > 0);
    });
    blocks.forEach((block, k) => {
      it(`${page}: example ${k + 1} prints what it says`, async () => {
        const wanted = [...block.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, said = ""]) => said);
        assert.ok(wanted.length > 0, "it says something");
        assert.equal(
          wanted.length,
          [...block.matchAll(/console\.log/g)].length,
          "each line says what it prints",
        );
        const lines = await run(folder, `${page.replace(/\W/g, "-")}-${k}`, block);
        assert.deepEqual(lines, wanted);
      });
    });
  }
});
