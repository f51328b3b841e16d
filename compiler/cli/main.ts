#!/usr/bin/env node
/** The command line: what commands there are. Each command's code is loaded when it is called. */
import { createRequire } from "node:module";
import { Command } from "commander";
import { runOrReport } from "./report-error.js";

const examples = `
Examples:
  $ tsc-jit run train.ts --epochs 3     run a program; what follows FILE is the program's own
  $ tsc-jit ir train.ts#step            print what step, exported by train.ts, was compiled to
  $ tsc-jit ops                         list the primitives and where each of them runs

Set TSCJIT_DEBUG=1..5 for more and more of what happens inside (cache, IR, passes, target text, values).`;

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
  .command("ops")
  .description("print the primitives and the targets they run on")
  .action(() => runOrReport(async () => (await import("./ops.js")).printOps()));

await program.parseAsync();
