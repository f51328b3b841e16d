/** Golden texts of what is refused: set TSCJIT_UPDATE=1 to write them anew, then read the difference. */
import { strictEqual } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { CODES } from "../../compiler/frontend/codes.js";
import { tensor } from "../../runtime/index.js";
import { cases } from "../fixtures/refusals.js";
import { refusal } from "./harness.js";

const golden = new URL("../fixtures/refusals.expect.md", import.meta.url);
const folder = `${dirname(fileURLToPath(golden))}/`;

const argumentsFor = (name: keyof typeof cases): readonly unknown[] => {
  if (name === "shapesDoNotBroadcast") return [tensor([[1, 2, 3]]), tensor([1, 2])];
  if (name === "writesToArgumentObject") return [{ w: tensor([1]) }];
  if (name === "undefinedProperty") return [{}];
  return [tensor([1, 2, 3])];
};

const textOf = (name: keyof typeof cases): string =>
  refusal(cases[name], argumentsFor(name))
    .message.replaceAll(folder, "")
    .replace(/evaluated-\d+/g, "evaluated-N");

describe("frontend: what is refused", () => {
  const names = Object.keys(cases) as (keyof typeof cases)[];
  it("has its golden text", () => {
    const text = names.map((name) => `## ${name}\n\n\`\`\`\n${textOf(name)}\n\`\`\`\n`).join("\n");
    if (process.env.TSCJIT_UPDATE === "1") writeFileSync(golden, text);
    strictEqual(text, readFileSync(golden, "utf8"));
  });
  for (const name of names)
    it(`${name}: a code that is listed, at a line of the file`, () => {
      const [first] = refusal(cases[name], argumentsFor(name)).diagnostics;
      strictEqual(first !== undefined && first.code in CODES, true);
      strictEqual(first?.span?.file.startsWith(folder) || name === "constantAssigned", true);
    });
});
