/** Functions that the front end itself knows. */
import { register } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";

/** `fn` as it is outside; inside compiled code the front end's own meaning of `id`. */
export const intrinsic = <F extends AnyFunction>(id: string, fn: F): F =>
  register(fn, { kind: "intrinsic", id });
