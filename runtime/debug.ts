/**
 * `TSCJIT_DEBUG` says how much is told on stderr: 1 caching and compiling, 2 the IR, 3 each pass (by the passes' harness),
 * 4 kernels and WASM as text, 5 arguments and results of each call.
 */
export const debugLevel = (): number => Number(process.env.TSCJIT_DEBUG ?? 0) || 0;

/** Whether the environment asks to see or check what happens between source and program: it then has to happen. */
export const showsStages = (): boolean =>
  debugLevel() >= 2 || (process.env.TSCJIT_DUMP ?? "") !== "" || process.env.TSCJIT_VERIFY === "1";

/** Writes a line where the level asks for it; `text` is made only then. */
export const debug = (level: number, text: () => string): void => {
  if (debugLevel() >= level) console.error(`tsc-jit: ${text()}`);
};
