/** `TSCJIT_DEBUG=1` tells about caching and compiling, on stderr. */
export const debugLevel = (): number => Number(process.env.TSCJIT_DEBUG ?? 0) || 0;

/** Writes a line where the level asks for it; `text` is made only then. */
export const debug = (level: number, text: () => string): void => {
  if (debugLevel() >= level) console.error(`tsc-jit: ${text()}`);
};
