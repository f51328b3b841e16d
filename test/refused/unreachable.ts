/** Codes that no user's program can reach, and why. */
export const UNREACHABLE: Readonly<Record<string, string>> = {
  TSJ0000: "stands for the code of an error without diagnostics",
  TSJ1003: "V8 gives no text of a function that TypeScript cannot parse",
  TSJ2100: "the parser of IR texts: for the tests of passes",
  TSJ3002: "the front end refuses it first, as TSJ3012",
  TSJ3003: "the front end refuses it first, as TSJ3011",
  TSJ4001: "helpers inside the library, which it does not export",
  TSJ5050: "a warning",
  TSJ6000: "a sample of an operation, for `tsc-jit ops`",
  TSJ7001: "a note of `tsc-jit check`: what it did not look at",
  TSJ7101: "`tsc-jit grad`: an operation that no TypeScript stands for (test/source/corpus.test.ts)",
  TSJ7102: "`tsc-jit grad`: a captured array that is too long to print (test/cli/grad.test.ts)",
  TSJ9000: "a fault of the compiler's own",
  TSJ9001: "a fault of the compiler's own",
};
