#!/usr/bin/env node
/** The command line: what commands there are. Each command's code is loaded when it is called. */
import { createRequire } from "node:module";
import { Command } from "commander";
import type { CheckOptions } from "./check.js";
import type { GradCommand } from "./grad.js";
import { runOrReport } from "./report-error.js";

const examples = `
Examples:
  $ tsc-jit run train.ts --epochs 3     run a program; what follows FILE is the program's own
  $ tsc-jit ir train.ts#step            print what step, exported by train.ts, was compiled to
  $ tsc-jit grad train.ts#loss          print the derivative of loss as TypeScript
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

const gradHelp = `
The module is run (its output goes to stderr), then the derivative of the function that it exports is printed: TypeScript that
imports nothing, with your names for values (x), d_x for the derivative by x, and a comment that names your line where the way
back begins to differentiate it. The shapes of arrays are those of the annotations, such as Tensor<[128, 784], "f32"> or
[number, number, number], or those that --args says.

  --args "f64, f64[10]"                 a number, and an array of 10 numbers
  --args "Float32Array[100], {k: f64}"  a typed array, and an object with a number
  --args "number[3,4], 5"               nested arrays, and a number that may be needed as it is

Examples:
  $ tsc-jit grad curve.ts#energy                      d_energy(x, y) gives the derivative by x
  $ tsc-jit grad curve.ts#energy --argnums 0,1 --value  gives [energy, [d_x, d_y]]
  $ tsc-jit grad fit.ts#loss --args "f64[3], f64[50]" -o d_loss.ts
  $ tsc-jit grad fit.ts#loss --mode jvp               forward mode: jvp_loss(x, dot_x)
  $ tsc-jit grad fit.ts#loss --ir                     the same as IR

Exit status: 0 printed, 1 the function can't be differentiated or printed, 2 a mistake in what was asked.`;

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
  .command("grad")
  .description("print the derivative of a function that a module exports, as TypeScript")
  .argument("<file#name>", "module and export: train.ts#loss")
  .option("--args <types>", "what the function is called with, where its annotations don't say")
  .option("--argnums <positions>", "which arguments to differentiate by, counted from 0: 0 or 0,2")
  .option("--mode <mode>", "grad, vjp (for a given cotangent d_out) or jvp (for given tangents)")
  .option("--value", "give the function's value as well")
  .option("--ir", "print IR instead of TypeScript")
  .option("-o, --output <file>", "write to a file")
  .addHelpText("after", gradHelp)
  .action((target: string, options: GradCommand) =>
    runOrReport(async () => (await import("./grad.js")).printDerivative(target, options), 2),
  );

program
  .command("ops")
  .description("print the primitives and the targets they run on")
  .action(() => runOrReport(async () => (await import("./ops.js")).printOps()));

await program.parseAsync();
