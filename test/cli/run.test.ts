import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { assertRefused, hasFrames, runCli } from "./run-cli.js";

describe("tsc-jit", () => {
  it("prints the package's version", () => {
    const manifest: unknown = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    );
    const { status, stdout } = runCli(["--version"]);
    assert.equal(status, 0);
    assert.equal(stdout.trim(), Reflect.get(Object(manifest), "version"));
  });

  it("lists its commands, with examples", () => {
    const { status, stdout } = runCli(["--help"]);
    assert.equal(status, 0);
    for (const command of ["run", "ir", "ops"]) assert.match(stdout, new RegExp(`^  ${command} `, "m"));
    assert.match(stdout, /\$ tsc-jit run train\.ts --epochs 3/);
  });

  it("suggests the command that was meant", () => {
    assertRefused(runCli(["rn"]), /unknown command 'rn'\s+\(Did you mean run\?\)/);
  });
});

describe("tsc-jit run", () => {
  it("runs TypeScript, its imports and top-level await, and hands on the arguments", () => {
    const { status, stdout, stderr } = runCli(["run", "main.ts", "--epochs", "2", "x"], {
      "main.ts": `import { Colour } from "./lib/colour.js";
        const later: number = await Promise.resolve(Colour.Blue);
        console.log(JSON.stringify([later, process.argv.slice(2), process.argv[1]?.endsWith("main.ts")]));`,
      "lib/colour.ts": "export enum Colour { Red = 1, Blue = 7 }",
    });
    assert.equal(stderr, "");
    assert.deepEqual(JSON.parse(stdout), [7, ["--epochs", "2", "x"], true]);
    assert.equal(status, 0);
  });

  it("runs JavaScript and CommonJS", () => {
    assert.equal(runCli(["run", "a.mjs"], { "a.mjs": "console.log(6 * 7)" }).stdout, "42\n");
    const cts = 'import fs = require("node:fs"); const n: string = typeof fs.statSync; console.log(n);';
    assert.equal(runCli(["run", "a.cts"], { "a.cts": cts }).stdout, "function\n");
  });

  it("keeps the program's exit status", () => {
    assert.equal(runCli(["run", "a.ts"], { "a.ts": "process.exitCode = 3;" }).status, 3);
  });

  it("refuses a file that is missing, or a folder", () => {
    assertRefused(runCli(["run", "nowhere.ts"]), /^tsc-jit: cannot find nowhere\.ts\n$/);
    assertRefused(runCli(["run", "."]), /^tsc-jit: \. is not a file\n$/);
  });

  it("names the import that is missing", () => {
    assertRefused(
      runCli(["run", "a.ts"], { "a.ts": 'import "./nowhere.js";' }),
      /Cannot find module .*nowhere/,
    );
    assertRefused(runCli(["run", "a.ts"], { "a.ts": 'import "no-such-package";' }), /Cannot find package/);
    const named = { "a.ts": 'import { b } from "./b.js"; console.log(b);', "b.ts": "export const c = 1;" };
    assertRefused(runCli(["run", "a.ts"], named), /does not provide an export named 'b'/);
  });

  it("shows where a file does not parse", () => {
    assertRefused(
      runCli(["run", "a.ts"], { "a.ts": "\nconst x: number = ;" }),
      /a\.ts:2:18: ERROR: Unexpected ";"/,
    );
    const imported = { "a.ts": 'import "./b.js";', "b.ts": "const = 1;" };
    assertRefused(runCli(["run", "a.ts"], imported), /b\.ts:1:6: ERROR/);
    assertRefused(
      runCli(["run", "a.mjs"], { "a.mjs": "\nlet x = ;" }),
      /a\.mjs:2\nlet x = ;\n +\^\n+SyntaxError/,
    );
  });

  it("shows the stack of these as well when TSCJIT_DEBUG is set", () => {
    const { status, stderr } = runCli(["run", "nowhere.ts"], {}, { TSCJIT_DEBUG: "1" });
    assert.equal(status, 1);
    assert.ok(hasFrames(stderr), stderr);
  });

  it("prints a diagnostic's own text", () => {
    const text = `import { TscJitError } from "${new URL("../../compiler/diagnostics.ts", import.meta.url).href}";
      throw new TscJitError([{ code: "TSJ0001", kind: "shape", message: "[2] does not fit [3]",
        span: null, related: [], hint: "reshape it" }]);`;
    const { status, stderr } = runCli(["run", "a.mts"], { "a.mts": text });
    assert.match(
      stderr,
      /^tsc-jit: shape error TSJ0001: \[2\] does not fit \[3\]\n.*a\.mts:2:13\n\n2 \| .*\n {2}\|.*~~~\nhint: reshape it\n$/,
    );
    assert.equal(status, 1);
  });

  it("shows the user's lines of what is refused, and no stack", () => {
    const head = 'import { jit, np, tensor, type Tensor } from "tsc-jit";\n';
    const compiled = `${head}type Unused = string;
      const layer = (x: Tensor, w: Tensor) => np.dot(x, w);
      const f = jit((x: Tensor, w: Tensor) => layer(x, w) + 1);
      f(tensor([[1, 2]]), tensor([1, 2, 3]));`;
    const outcome = runCli(["run", "a.mts"], { "a.mts": compiled });
    assertRefused(outcome, /f32\[1,2\] and axis 0 of f32\[3\] differ in size\n.*a\.mts:3:47\n\n3 \| /);
    assert.match(outcome.stderr, /`layer` is called here\n.*a\.mts:4:47\n\n4 \| .*\n.*~~~~~~~~~~~\n/);
    const outside = `${head}type Unused = string;\nnp.add(tensor([1, 2]), [1, 2, 3]);`;
    assertRefused(
      runCli(["run", "a.mts"], { "a.mts": outside }),
      /do not broadcast\n.*a\.mts:3:4\n\n3 \| np\.add/,
    );
  });

  it("shows the program's own errors with the program's part of the stack", () => {
    const thrown = runCli(["run", "a.ts"], {
      "a.ts": "type T = {};\nfunction f() { throw new Error('oh'); }\nf();",
    });
    assert.equal(thrown.status, 1);
    assert.match(
      thrown.stderr,
      /^tsc-jit: Error: oh\n +at f \(.*a\.ts:2:22\)\n +at <anonymous> \(.*a\.ts:3:1\)\n$/,
    );
    const common = runCli(["run", "a.cts"], { "a.cts": "const a: any = 1;\na.b.c();\nexport {};" });
    assert.match(common.stderr, /^tsc-jit: TypeError: .*\n +at .*a\.cts:2:/);
    assert.doesNotMatch(common.stderr, /node:internal|loadModule/);
    const rejected = runCli(["run", "a.ts"], {
      "a.ts": "setInterval(() => {}, 1e3); Promise.reject(new Error('no'));",
    });
    assert.equal(rejected.status, 1);
    assert.match(rejected.stderr, /^tsc-jit: Error: no\n/);
  });

  it("leaves uncaught errors to a program that handles them", () => {
    const text =
      "process.on('uncaughtException', (e) => console.log('mine', e.message)); setTimeout(() => { throw Error('x') });";
    assert.deepEqual(runCli(["run", "a.ts"], { "a.ts": text }), {
      status: 0,
      stdout: "mine x\n",
      stderr: "",
    });
  });
});
