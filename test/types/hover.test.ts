/** What an editor shows for names made by jit and grad; TSCJIT_UPDATE=1 writes the golden text anew. */
import { strictEqual } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Project, SyntaxKind } from "ts-morph";

const golden = fileURLToPath(new URL("../fixtures/hover.expect.md", import.meta.url));
const sample = fileURLToPath(new URL("../fixtures/hover.ts", import.meta.url));
const settings = fileURLToPath(new URL("../../tsconfig.json", import.meta.url));

/** Beyond this an editor's box is no longer read. */
const MAX_LENGTH = 200;

describe("hover", function () {
  this.timeout(120_000);
  it("shows types that can be read", () => {
    const project = new Project({ tsConfigFilePath: settings, skipAddingFilesFromTsConfig: true });
    const file = project.addSourceFileAtPath(sample);
    project.resolveSourceFileDependencies();
    const service = project.getLanguageService().compilerObject;
    const texts = file.getVariableStatements().flatMap((statement) =>
      statement.getDescendantsOfKind(SyntaxKind.VariableDeclaration).flatMap((declaration) => {
        if (!statement.isExported()) return [];
        const node = declaration.getNameNode();
        const names = node.isKind(SyntaxKind.ArrayBindingPattern) ? node.getElements() : [node];
        return names.map((name) => {
          const info = service.getQuickInfoAtPosition(sample, name.getStart());
          return (info?.displayParts ?? []).map((part) => part.text).join("");
        });
      }),
    );
    for (const text of texts) strictEqual(text.length <= MAX_LENGTH, true, text);
    const shown = `\`\`\`ts\n${texts.join("\n")}\n\`\`\`\n`;
    if (process.env.TSCJIT_UPDATE === "1") writeFileSync(golden, shown);
    strictEqual(shown, readFileSync(golden, "utf8"));
  });
});
