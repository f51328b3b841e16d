/**
 * `TSCJIT_DEBUG` says how much is told on stderr: 1 caching and compiling, 2 the IR, 3 each pass (by the passes' harness),
 * 4 kernels and WASM as text, 5 arguments and results of each call.
 */
export const debugLevel = (): number => Number(process.env.TSCJIT_DEBUG ?? 0) || 0;

/** Writes a line where the level asks for it; `text` is made only then. */
export const debug = (level: number, text: () => string): void => {
  if (debugLevel() >= level) console.error(`tsc-jit: ${text()}`);
};
