/** Golden outputs of `tsc-jit check`: set TSCJIT_UPDATE=1 to write them anew, then read the difference. */
import { strict as assert } from "node:assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assertRefused, runCli } from "./run-cli.js";

const folder = new URL("../fixtures/check/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const files = Object.fromEntries(
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => [name, read(name)]),
);

const assertGolden = (name: string, text: string): void => {
  if (process.env.TSCJIT_UPDATE === "1") writeFileSync(fileURLToPath(new URL(name, folder)), text);
  assert.equal(text, read(name));
};

describe("tsc-jit check", () => {
  it("finds nothing in a file without faults, and does not run it", () => {
    const outcome = runCli(["check", "clean.ts"], files);
    assert.deepEqual(outcome, {
      status: 0,
      stdout: "0 faults in 0 functions (2 functions checked)\n",
      stderr: "",
    });
    const run = runCli(["run", "clean.ts"], files);
    assert.match(run.stderr, /the program was run/);
  });

  it("lists the faults of a file by place, with frames and ways out", () => {
    const { status, stdout, stderr } = runCli(["check", "faulty.ts"], files);
    assert.equal(stderr, "");
    assertGolden("faulty.expect.txt", stdout);
    assert.equal(status, 1);
  });

  it("prints the same as JSON", () => {
    const { status, stdout, stderr } = runCli(["check", "--json", "faulty.ts"], files);
    assert.equal(stderr, "");
    assertGolden("faulty.expect.json", stdout);
    assert.equal(status, 1);
    const findings: unknown = JSON.parse(stdout);
    assert.ok(Array.isArray(findings));
    for (const finding of findings)
      assert.deepEqual(Object.keys(finding), [
        ...["file", "line", "column", "endLine", "endColumn", "code", "severity", "kind"],
        ...["message", "hint", "function", "related"],
      ]);
    assert.deepEqual(JSON.parse(runCli(["check", "--json", "clean.ts"], files).stdout), []);
  });

  it("takes several files, and exported functions on demand", () => {
    const none = runCli(["check", "clean.ts", "lib/helpers.ts"], files);
    assert.equal(none.stdout, "0 faults in 0 functions (2 functions checked)\n");
    const sources = {
      "a.ts": `import { np, type Tensor } from "tsc-jit";
        export const f = (x: Tensor<[3], "f32">) => np.sum(x, 1);
        export function g(x: Tensor<[3], "f32">) { return np.sum(x, 2); }
        const own = (x: Tensor<[3], "f32">) => np.sum(x, 3);
        export default (n: number) => n + Date.now();`,
    };
    assert.match(runCli(["check", "a.ts"], sources).stdout, /^0 faults .*\(0 functions checked\)/);
    const all = runCli(["check", "--exports", "a.ts"], sources);
    assert.deepEqual([...all.stdout.matchAll(/TSJ\d+/g)].map(String), ["TSJ2010", "TSJ2010", "TSJ1030"]);
    assert.match(all.stdout, /\n3 faults in 3 functions \(3 functions checked\)\n$/);
    const one = runCli(["check", "a.ts", "--fn", "g"], sources);
    assert.match(one.stdout, /axis 2 is out of range/);
    assert.match(one.stdout, /\n1 fault in 1 function \(1 function checked\)\n$/);
    const missing = runCli(["check", "a.ts", "--fn", "own"], sources);
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /no function own is exported by a\.ts; there are f, g, default/);
  });

  it("ends with status 2 where a file is missing or does not parse", () => {
    const missing = runCli(["check", "nowhere.ts"]);
    assert.equal(missing.status, 2);
    assertRefused({ ...missing, status: 1 }, /^tsc-jit: cannot find nowhere\.ts\n$/);
    const broken = runCli(["check", "a.ts"], { "a.ts": "\nconst x: number = ;" });
    assert.equal(broken.status, 2);
    assertRefused({ ...broken, status: 1 }, /a\.ts:2:19: Expression expected\.\n2 \| const x: number = ;\n/);
  });

  it("has help with examples", () => {
    const { status, stdout } = runCli(["check", "--help"]);
    assert.equal(status, 0);
    assert.match(stdout, /\$ tsc-jit check src\/\*\.ts --json/);
    assert.match(runCli(["--help"]).stdout, /^ {2}check /m);
  });

  it("colours only where that is asked for", () => {
    const plain = runCli(["check", "faulty.ts"], files, { NO_COLOR: "1" }).stdout;
    assert.ok(!plain.includes("\u001b["));
    const { NO_COLOR: _, ...colour } = { NO_COLOR: "", FORCE_COLOR: "1" };
    assert.ok(runCli(["check", "faulty.ts"], files, { ...colour, NO_COLOR: "" }).stdout.includes("\u001b["));
  });
});
