/**
 * Seeds of the property tests, loaded by .mocharc before them. Each test has a seed of its own, from its title, so that every
 * run of the suite tries the same programs and inputs. `TSCJIT_SEED=N` gives others, `TSCJIT_SEED=random` others each time.
 * Where a property fails, fast-check prints the seed that it ran with.
 */
import fc from "fast-check";

/** FNV-1a over UTF-16 units, as a signed 32-bit integer. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5 | 0;
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193);
  return hash;
};

/** What is added to each title's hash; throws RangeError for what is no integer. */
const chosenSeed = (setting: string | undefined): number => {
  if (setting === undefined || setting === "") return 0;
  const seed = setting === "random" ? Math.floor(Math.random() * 2 ** 31) : Number(setting);
  if (!Number.isInteger(seed)) throw new RangeError(`TSCJIT_SEED is an integer or "random", not ${setting}`);
  return seed;
};

const seed = chosenSeed(process.env.TSCJIT_SEED);
if (seed !== 0) console.log(`TSCJIT_SEED=${seed}`);

/** The seed of a test's properties. */
export const seedOf = (title: string): number => (hashOf(title) + seed) | 0;

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const title = this.currentTest?.fullTitle() ?? "";
    fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: seedOf(title) });
  },
};
