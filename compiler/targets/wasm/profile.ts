/** Finds out what the engine's SIMD offers, by validating a module; needs no compiler. */
import type { Profile } from "../../kernel/types.js";

/**
 * (module (func (param v128 v128 v128) (result v128)
 *   (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2))))
 */
const RELAXED_MADD = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b], // type section: (v128, v128, v128) -> v128
  ...[0x03, 0x02, 0x01, 0x00], // function section
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00], // code section: one body of 11 bytes, no locals
  ...[0x20, 0x00, 0x20, 0x01, 0x20, 0x02], // local.get 0, 1, 2
  ...[0xfd, 0x85, 0x02], // f32x4.relaxed_madd: opcode 0x105
  0x0b, // end
]);

let detected: Profile | null = null;

/** `fma` where the engine has relaxed SIMD, else `base`; decided once per process. */
export const detectProfile = (): Profile => {
  detected ??= WebAssembly.validate(RELAXED_MADD) ? "fma" : "base";
  return detected;
};
