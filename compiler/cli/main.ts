#!/usr/bin/env node
/** The command line: what commands there are. Each command's code is loaded when it is called. */
import { createRequire } from "node:module";
import { Command } from "commander";
import type { CheckOptions } from "./check.js";
import { runOrReport } from "./report-error.js";

const examples = `
Examples:
  $ tsc-jit run train.ts --epochs 3     run a program; what follows FILE is the program's own
  $ tsc-jit ir train.ts#step            print what step, exported by train.ts, was compiled to
  $ tsc-jit check train.ts              report what can't be compiled, without running it
  $ tsc-jit ops                         list the primitives and where each of them runs

Set TSCJIT_DEBUG=1..5 for more and more of what happens inside (cache, IR, passes, target text, values).`;

const checkHelp = `
Shapes are checked where the parameters' types give them: (w: Tensor<[784, 128], "f32">, x: Tensor<[32, 784], "f32">).
What depends on anything that only a call can tell is not checked, and a note says so.

Examples:
  $ tsc-jit check train.ts
  $ tsc-jit check src/*.ts --json
  $ tsc-jit check solvers.ts --exports  check plain functions, too, as if they were handed to jit

Exit status: 0 no faults, 1 faults, 2 a file is missing or does not parse.
With --json, an array of { file, line, column, endLine, endColumn, code, severity, kind, message, hint, function, related },
where severity is "error", "warning" (on a path that not every call takes) or "note" (not checked), and what is not known
is null.`;

// Whoever reads the output may have had enough: `tsc-jit ir train.ts#step | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

const { version } = createRequire(import.meta.url)("tsc-jit/package.json") as { readonly version: string };

const program = new Command("tsc-jit")
  .description("Compiles the numeric functions of a TypeScript program to differentiated, fused WASM SIMD.")
  .version(version)
  .addHelpText("after", examples)
  .enablePositionalOptions()
  .showHelpAfterError("(tsc-jit --help lists the commands)");

program
  .command("run")
  .description("run a TypeScript or JavaScript program")
  .argument("<file>", "the program's first module")
  .argument("[args...]", "handed to the program as process.argv")
  .passThroughOptions()
  .action((file: string, args: string[]) =>
    runOrReport(async () => (await import("./run.js")).runProgram(file, args)),
  );

program
  .command("ir")
  .description("run a program, then print IR, kernels and WAT of a function it exports and has called")
  .argument("<file#name>", "module and export: train.ts#step")
  .argument("[args...]", "handed to the program as process.argv")
  .passThroughOptions()
  .action((target: string, args: string[]) =>
    runOrReport(async () => (await import("./ir.js")).printIr(target, args)),
  );

program
  .command("check")
  .description("report what can't be compiled, without running the program")
  .argument("<files...>", "modules whose calls of jit, grad, vmap, ... are looked at")
  .option("--exports", "check the functions that the files export as well")
  .option("--fn <name...>", "check these exported functions as well")
  .option("--json", "print the findings as a JSON array")
  .addHelpText("after", checkHelp)
  .action((files: string[], options: CheckOptions) =>
    runOrReport(async () => (await import("./check.js")).checkFiles(files, options), 2),
  );

program
  .command("ops")
  .description("print the primitives and the targets they run on")
  .action(() => runOrReport(async () => (await import("./ops.js")).printOps()));

await program.parseAsync();
