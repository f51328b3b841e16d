/** Distances in units in the last place, and sample points spread over the bit patterns. */
const words = new DataView(new ArrayBuffer(8));

export const f32OfBits = (bits: number): number => {
  words.setUint32(0, bits >>> 0);
  return words.getFloat32(0);
};
export const f64OfHex = (hex: string): number => {
  words.setBigUint64(0, BigInt(`0x${hex}`));
  return words.getFloat64(0);
};

/** The spacing of f32 numbers about x; of the largest where x rounds beyond it. */
const f32Spacing = (x: number): number => {
  words.setFloat32(0, Math.min(Math.abs(x), f32OfBits(0x7f7fffff)));
  const exponent = (words.getUint32(0) >>> 23) & 0xff;
  return 2 ** (Math.max(exponent, 1) - 150);
};

/**
 * Error of an f32 result against the exact value (to a double's precision), in ulps of the exact value. NaN, infinities and the
 * sign of zero must be those of the rounded exact value, unless it lies within a few ulps of the range's ends.
 */
export const f32Error = (result: number, exact: number): number => {
  const rounded = Math.fround(exact);
  if (Object.is(result, rounded))
    return Number.isFinite(rounded) ? Math.abs(result - exact) / f32Spacing(exact) : 0;
  if (Number.isNaN(rounded) || Number.isNaN(result) || exact === 0 || !Number.isFinite(exact))
    return Infinity;
  // the infinity after the largest number stands one spacing above it
  const reach = (x: number): number => (Number.isFinite(x) ? x : Math.sign(x) * 2 ** 128);
  if (result === 0 && Math.sign(1 / result) !== Math.sign(exact)) return Infinity;
  return Math.abs(reach(result) - reach(exact)) / f32Spacing(exact);
};

/** Steps between two doubles; Infinity where one is NaN or zeros differ in sign. */
export const f64Steps = (a: number, b: number): number => {
  if (Object.is(a, b)) return 0;
  if (Number.isNaN(a) || Number.isNaN(b) || (a === 0 && b === 0) || a * b < 0) return Infinity;
  const order = (x: number): bigint => {
    words.setFloat64(0, Math.abs(x));
    return words.getBigUint64(0);
  };
  const steps = order(a) - order(b);
  return Number(steps < 0n ? -steps : steps);
};

/** Error of an f64 result against an exact value, given as its rounded value and what it has beyond that in ulp. */
export const f64Error = (result: number, value: number, beyond: number): number => {
  const steps = f64Steps(result, value);
  return Math.abs(
    Math.abs(result) > Math.abs(value)
      ? steps - beyond * Math.sign(value)
      : steps + beyond * Math.sign(value),
  );
};

/** Bit patterns of f32: each exponent's first, second and last number, both signs, then every `stride`-th pattern. */
export const f32Samples = (stride: number): Float32Array => {
  const out: number[] = [];
  for (let e = 0; e < 256; e++)
    for (const mantissa of [0, 1, 0x7fffff])
      for (const sign of [0, 2 ** 31]) out.push(f32OfBits(sign + e * 2 ** 23 + mantissa));
  for (let bits = 0; bits < 2 ** 32; bits += stride) out.push(f32OfBits(bits));
  return Float32Array.from(out);
};

/** Numbers in [0, 2^32): a linear congruential generator (Numerical Recipes' constants), its high bits mixed in. */
export const wordsFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state ^ (state >>> 15)) >>> 0;
  };
};

export const SPECIAL = [
  0,
  5e-324,
  2 ** -149,
  2 ** -126,
  1e-10,
  0.5,
  1,
  1 + 2 ** -23,
  1.5,
  2,
  2.5,
  3,
  1e10,
  2 ** 23 - 0.5,
  2 ** 24,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e30,
  3.4028234663852886e38,
  1.7976931348623157e308,
  Number.POSITIVE_INFINITY,
]
  .flatMap((x) => [x, -x])
  .concat(Number.NaN);
