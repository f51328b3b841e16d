/**
 * Counter-based random bits: Threefry-2x32 with 20 rounds, from J. Salmon, M. Moraes, R. Dror, D. Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); constants as published there (Skein's parity, Table of rotations).
 */
import { refuse, requireDType, requireEqual } from "./checks.js";
import { batchElementwise, mapElements, noDerivative, type RecordsOf } from "./elementwise.js";
import { at } from "./ndarray.js";
import type { NdArray } from "./op.js";

/** The key schedule's parity constant of 32-bit words. */
export const THREEFRY_PARITY = 0x1bd11bda;
/** Left rotations of rounds 0-3 and 4-7; they repeat every eight rounds. */
export const THREEFRY_ROTATIONS: readonly number[] = [13, 15, 26, 6, 17, 29, 16, 24];
export const THREEFRY_ROUNDS = 20;

/**
 * Both output words (u32) of key (k0, k1) at counter (c0, c1).
 * Round r: x0 += x1; x1 = rotl(x1, R[r mod 8]) ^ x0. After every fourth round the next two words of the extended key
 * (k0, k1, parity ^ k0 ^ k1) are added, and the number of that injection to x1.
 */
export const threefry2x32 = (k0: number, k1: number, c0: number, c1: number): readonly [number, number] => {
  const keys = [k0, k1, THREEFRY_PARITY ^ k0 ^ k1];
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let r = 0; r < THREEFRY_ROUNDS; r++) {
    const turn = at(THREEFRY_ROTATIONS, r % 8);
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << turn) | (x1 >>> (32 - turn))) ^ x0;
    if (r % 4 !== 3) continue;
    const injection = (r + 1) / 4;
    x0 = (x0 + at(keys, injection % 3)) | 0;
    x1 = (x1 + at(keys, (injection + 1) % 3) + injection) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
};

const four = <T>(xs: readonly T[]): readonly [T, T, T, T] => {
  const [a, b, c, d] = xs;
  return a === undefined || b === undefined || c === undefined || d === undefined || xs.length !== 4
    ? refuse("threefry", `takes four operands, got ${xs.length}`, "type")
    : [a, b, c, d];
};

export const randomOps: RecordsOf<"threefry"> = {
  threefry: {
    name: "threefry",
    infer: (inputs) => {
      const [first, ...rest] = four(inputs);
      requireDType("threefry", first, ["u32"]);
      for (const t of rest) requireEqual("threefry", first, t);
      return first;
    },
    eval: (inputs, { lane }) => {
      const [k0, k1, c0, c1] = four<NdArray>(inputs);
      return mapElements("u32", [k0], (k) => {
        const words = threefry2x32(at(k0.data, k), at(k1.data, k), at(c0.data, k), at(c1.data, k));
        return words[lane];
      });
    },
    ad: noDerivative,
    batch: batchElementwise("threefry"),
  },
};
