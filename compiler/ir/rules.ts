/** Equations with a way of their own to be differentiated, which transforms see and passes never do. */
import { fail, internal, type Span } from "../diagnostics.js";
import type { ControlEqn } from "./types.js";

export type RuleEqn = Extract<ControlEqn, { readonly op: "custom" | "fromTranspose" | "checkpoint" }>;

export const isRule = (eqn: ControlEqn): eqn is RuleEqn =>
  eqn.op === "custom" || eqn.op === "fromTranspose" || eqn.op === "checkpoint";

/** A pass or a lowering has met an equation that the first pass replaces. */
export const refuseRule = ({ op }: RuleEqn): never => internal(`${op} is still there after the first pass`);

/** There is no value for a linear map that is known by its transpose alone. */
export const refuseForward = (span: Span | null): never =>
  fail("TSJ3006", "unsupported", "a function made by customVjp has no forward mode", {
    span,
    hint: "differentiate it in reverse mode (grad, vjp, jacrev), or define its derivative with customJvp",
  });
