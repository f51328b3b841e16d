/** Threefry-2x32 with 20 rounds as machine ops on u32; both output words come from the same statements. */
import { THREEFRY_PARITY, THREEFRY_ROTATIONS, THREEFRY_ROUNDS } from "../../ops/random.js";
import type { Emitter, Operand, Value } from "./emit.js";

/** (key0, key1, count0, count1) to the two words. */
export const threefry = (m: Emitter, k0: Value, k1: Value, c0: Value, c1: Value): readonly [Value, Value] => {
  const keys: readonly [Value, Value, Value] = [k0, k1, m.xor(m.xor(k0, k1), THREEFRY_PARITY)];
  const key = (i: number): Operand => keys[i % 3] ?? k0;
  let x0 = m.add(c0, k0);
  let x1 = m.add(c1, k1);
  for (let r = 0; r < THREEFRY_ROUNDS; r++) {
    const turn = THREEFRY_ROTATIONS[r % THREEFRY_ROTATIONS.length] ?? 0;
    x0 = m.add(x0, x1);
    x1 = m.xor(m.or(m.shl(x1, turn), m.ushr(x1, 32 - turn)), x0);
    if (r % 4 !== 3) continue;
    const injection = (r + 1) / 4;
    x0 = m.add(x0, key(injection));
    x1 = m.add(m.add(x1, key(injection + 1)), injection);
  }
  return [x0, x1];
};
