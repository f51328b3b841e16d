/**
 * Loops of the program. The body is run on what a general iteration starts with, until what it leaves behind has the form
 * of what it started with: then everything that it writes is carried from one iteration to the next.
 */

import type { Var } from "../ir/types.js";
import { assemble, typesOf } from "./assemble.js";
import { findCarries, type LoopPlan } from "./carries.js";
import {
  type Completion,
  completionOf,
  exitsOf,
  type PossibleExit,
  valueIn,
  withValue,
} from "./completions.js";
import { emitLoop, type Out, refuseEndless } from "./emit-loops.js";
import { type Form, join } from "./forms.js";
import { checkRoom } from "./growth.js";
import type { Meeting, Side } from "./identities.js";
import { endLength } from "./lengths.js";
import { maybeOf } from "./maybe.js";
import { refuseThrow, StagedThrow, withRows } from "./regions.js";
import { tensorOf } from "./tensors.js";
import { isNullish, nextSerial, staticValue, UNDEFINED } from "./values.js";

export type { LoopPlan, Trip } from "./carries.js";

const outsOf = (meeting: Meeting, end: Completion): readonly Out[] =>
  exitsOf(end).map((exit) => {
    const value = valueIn(exit.exit);
    return { exit, form: value === null ? { kind: "same", value: UNDEFINED } : join(meeting, null, value) };
  });

/** The count does not hold: the body changes what it was computed from. */
export type Staging = { readonly counted: false } | { readonly counted: true; readonly end: Completion };

/** Stages a loop; gives the ways out that lead further than behind it. */
export const stageLoop = (plan: LoopPlan): Staging => withRows(plan.site, () => stageOnce(plan));

/** Whether every iteration leaves a value there, and at least one runs. */
const isCertain = ({ runs }: LoopPlan, end: Side): boolean =>
  runs && end !== null && end.kind !== "unmerged" && !isNullish(end);

const stageOnce = (plan: LoopPlan): Staging => {
  const { site } = plan;
  const meeting: Meeting = {
    site,
    since: nextSerial(),
    needs: [plan.need],
    shared: new Set(),
    fixed: new Map(),
  };
  try {
    const stable = findCarries(plan, meeting);
    checkRoom(site);
    if (stable.carries.some((c) => c.slot.key !== "rows" && plan.invariant.includes(c.slot.cell)))
      return { counted: false };
    const { trial } = stable.round;
    const outs = outsOf(meeting, trial.result);
    const forever = plan.trip === null && plan.test === null;
    if (forever && outs.length === 0) return refuseEndless(site);
    const results = emitLoop(plan, meeting, stable, outs);
    let next = 0;
    const take = (form: Form): readonly Var[] => {
      const part = results.slice(next, next + typesOf(form).length);
      next += part.length;
      return part;
    };
    for (const carry of stable.carries) {
      const value = assemble(meeting, carry.form, take(carry.form));
      if (carry.length === null)
        carry.slot.write(isCertain(plan, stable.endOf(carry)) ? (maybeOf(value)?.value ?? value) : value);
      else endLength(site, carry.length, plan.trip, value.kind === "tensor" ? value : null);
    }
    const exits = outs.map(({ exit, form }): PossibleExit => {
      const [flag] = results.slice(next, next + 1);
      next++;
      const value = assemble(meeting, form, take(form));
      return {
        flag:
          flag === undefined ? staticValue(true) : tensorOf(site, flag, { weak: true, needs: [plan.need] }),
        exit: withValue(exit.exit, value),
      };
    });
    const further = exits.filter((e) => !plan.mine(e));
    return { counted: true, end: completionOf(further, !forever || further.length < exits.length) };
  } catch (e) {
    // An iteration that always throws: certain only where there is one.
    if (e instanceof StagedThrow && !plan.runs) return refuseThrow(e.site, e.text);
    throw e;
  }
};
