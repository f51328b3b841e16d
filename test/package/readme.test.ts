/** The README says what is true: its example runs, its tables list what there is. */
import { strict as assert } from "node:assert";
import { existsSync, readFileSync } from "node:fs";
import { nn, np, optim, random, tree } from "../../runtime/index.js";
import { runCli } from "../cli/run-cli.js";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** Names in backticks in the rows of the library table whose first cell starts with `of`. */
const listed = (of: string): readonly string[] =>
  readme
    .split("\n")
    .filter((line) => line.startsWith(`| \`${of}\``))
    .flatMap((line) => [...(line.split("|")[2] ?? "").replace(/\(.*?\)/g, "").matchAll(/`(\w+)`/g)])
    .map(([, name]) => name ?? "");

describe("the README", () => {
  it("has a first example that runs and prints what its last line says", function () {
    this.timeout(60_000);
    const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    const [, printed = ""] = /console\.log\(.*\); \/\/ (.*)\n$/.exec(example) ?? [];
    assert.ok(printed.startsWith("Tensor "), example);
    const { status, stdout, stderr } = runCli(["run", "example.mts"], { "example.mts": example });
    assert.equal(stderr, "");
    assert.equal(status, 0);
    // Sums may be taken in another order by another schedule: five digits.
    const digits = (text: string) =>
      text.replace(/-?\d+\.\d+/g, (x) => Number(x).toFixed(5)).replace(/\s+/g, " ");
    assert.equal(digits(stdout.trim()), digits(printed));
  });

  it("has an example of check whose faults are those that it shows", () => {
    const [, example = ""] = /```ts\n(const predict[\s\S]*?)```/.exec(readme) ?? [];
    const [, shown = ""] = /\$ npx tsc-jit check train\.ts\n([\s\S]*?)```/.exec(readme) ?? [];
    const program = `import { jit, np, type Tensor } from "tsc-jit";\n\n${example}`;
    const { stdout } = runCli(["check", "train.ts"], { "train.ts": program });
    assert.equal(stdout, shown);
  });

  const constants = ["pi", "e", "inf", "nan"];
  for (const [name, namespace] of Object.entries({ np, nn, random, optim, tree }))
    it(`lists the functions of ${name}, each once`, () => {
      const names = Object.keys(namespace).filter((key) => !constants.includes(key));
      assert.deepEqual([...listed(name)].sort(), names.sort());
    });
  it("lists the functions of np.linalg", () => {
    const [, names = ""] = /`linalg` \(([^)]*)\)/.exec(readme) ?? [];
    assert.deepEqual(
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
      Object.keys(np.linalg),
    );
  });

  it("names files and folders that exist", () => {
    const paths = [...readme.matchAll(/`?((?:samples|compiler|runtime|test)\/[\w./-]+)/g)].map(
      ([, path]) => path ?? "",
    );
    assert.ok(paths.length > 5);
    for (const path of paths)
      assert.ok(existsSync(new URL(`../../${path.replace(/\.$/, "")}`, import.meta.url)), path);
  });
});
