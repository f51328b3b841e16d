/** Functions whose values the backward pass computes again instead of keeping them. */
import { fail, internal } from "../compiler/diagnostics.js";
import { type CheckpointPolicy, textsOf } from "../compiler/ir/saving.js";
import { ruled } from "./custom-rules.js";
import { intrinsic } from "./intrinsic.js";
import { requireFunction } from "./jit.js";
import { checkKeys } from "./transforms.js";
import type { Callable, Jitted, PlainOf, Unresolved } from "./types.js";

export type { CheckpointPolicy };

export interface CheckpointOptions {
  /** Which values are kept all the same; default `"nothingSaveable"`. */
  readonly policy?: CheckpointPolicy;
}

const checkpointCall = intrinsic("checkpointCall", (..._: readonly unknown[]): never =>
  internal("checkpointCall is called as it is"),
);

type Values = readonly never[];
type Checkpoint = <F extends Callable = Unresolved>(fn: F, options?: CheckpointOptions) => Jitted<PlainOf<F>>;

const checkpointOf = (fn: Callable, options: CheckpointOptions = {}): Callable => {
  requireFunction(fn, "checkpoint()");
  checkKeys(options, ["policy"], "checkpoint()");
  const { policy = "nothingSaveable" } = options;
  if (textsOf(policy) === null)
    fail("TSJ5078", "type", `checkpoint() has no policy ${JSON.stringify(policy)}`, {
      hint: 'policies are "nothingSaveable", "everythingSaveable", "dotsSaveable", "dotsWithNoBatchDimsSaveable", { saveOnlyTheseNames: [...] }, { saveAnyNamesButThese: [...] }, { saveAnythingExceptTheseNames: [...] } and { saveFromBothPolicies: [p, q] }',
    });
  return ruled("checkpoint", fn, (...args: Values) => checkpointCall(fn, policy, ...args));
};

/**
 * `fn` with less memory for its derivative: reverse mode keeps its arguments, and what `policy` names, and computes the rest
 * again when it comes back to it. Values and derivatives are the same, bit for bit.
 * @example
 * const layer = checkpoint((h: Tensor, w: Tensor) => Math.tanh(np.dot(h, w)));
 * const kept = checkpoint(layer, { policy: "dotsSaveable" });
 */
// One implementation: the result's type follows the function's.
export const checkpoint = intrinsic("checkpoint", checkpointOf as unknown as Checkpoint);

/**
 * The value itself, under a name by which the policy of a checkpoint around it can keep it.
 * @example
 * checkpoint((x: Tensor) => np.sum(Math.sin(checkpointName(np.dot(w, x), "h"))), { policy: { saveOnlyTheseNames: ["h"] } });
 */
export const checkpointName = intrinsic("checkpointName", <T>(x: T, name: string): T => {
  if (typeof name !== "string" || name === "")
    fail("TSJ5079", "type", "the name that checkpointName gives is a text that is not empty");
  return x;
});
