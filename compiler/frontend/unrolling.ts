/** Which loops are unrolled, and how an unrolled loop goes on after an iteration that may have left it. */
import type { ts } from "ts-morph";
import { chooseCompletion } from "./branches.js";
import type { Trip } from "./carries.js";
import { absorb, anyTaken, type Completion, type Exit, exitsOf, fallsThrough, taken } from "./completions.js";
import { assignedIn } from "./counted.js";
import { lookup } from "./environment.js";
import { followExits } from "./faults.js";
import type { Cell } from "./journal.js";
import { type Frame, loopKey, type Machine, needKey, type Site } from "./machine.js";
import type { Need } from "./values.js";

/**
 * Trip counts up to which a loop is unrolled, one with loops in it, and how many copies of an innermost body all enclosing
 * loops together may make.
 */
const MAX_UNROLLED = 8;
const MAX_UNROLLED_OUTER = 3;
const MAX_UNROLLED_NEST = 32;

export const isMine =
  (labels: readonly string[]) =>
  (exit: Exit): boolean =>
    !("value" in exit) && (exit.label === null || labels.includes(exit.label));
export const isContinue =
  (labels: readonly string[]) =>
  (exit: Exit): boolean =>
    exit.kind === "continue" && isMine(labels)(exit);

/** Goes on after one iteration unless it left the loop. */
export const unrollNext = (
  site: Site,
  end: Completion,
  labels: readonly string[],
  next: () => Completion,
): Completion => {
  const left = absorb(end, isContinue(labels));
  const done = (c: Completion): Completion => absorb(c, isMine(labels));
  if (left === null) return next();
  if (!fallsThrough(left)) return done(left);
  const leaves = anyTaken(site, exitsOf(left));
  return followExits(site.machine, leaves, () =>
    chooseCompletion(site, leaves, () => done(taken(left)), next),
  );
};

/** What unrolls a loop; null in the library, whose loops are part of how it is written. */
export const needOf = (m: Machine, frame: Frame, s: ts.Node): (Need & { readonly kind: "loop" }) | null =>
  frame.libraryScript !== null ? null : { kind: "loop", key: loopKey(m, frame, s) };

export const mustUnroll = (m: Machine, need: Need | null): boolean =>
  need === null || m.statics.has(needKey(need));

/** What makes short loops loops of the program too. */
export const NO_SHORT_LOOPS = "loops kept";

export const isShort = (m: Machine, trip: Trip, body: ts.Node | null): trip is number =>
  typeof trip === "number" &&
  !m.statics.has(NO_SHORT_LOOPS) &&
  trip <= (body !== null && hasLoop(m, body) ? MAX_UNROLLED_OUTER : MAX_UNROLLED) &&
  m.unrolled * Math.max(1, trip) <= MAX_UNROLLED_NEST;

const withLoops = new WeakMap<ts.Node, boolean>();
/** Whether there is a loop in a piece of code. */
const hasLoop = (m: Machine, root: ts.Node): boolean => {
  const known = withLoops.get(root);
  if (known !== undefined) return known;
  const { ts } = m;
  const visit = (node: ts.Node): boolean =>
    ts.isIterationStatement(node, false) || node.forEachChild((child) => visit(child) || undefined) === true;
  const found = visit(root);
  withLoops.set(root, found);
  return found;
};

/** The variables, and the arrays they hold, that a loop's code assigns to. */
export const seedsOf = (m: Machine, frame: Frame, root: ts.Node): readonly Cell[] =>
  [...assignedIn(m, root)].flatMap((name): readonly Cell[] => {
    const element = name.startsWith("[");
    const binding = lookup(frame.env, element ? name.slice(1, -1) : name);
    if (binding === null || binding.constant) {
      if (!element || binding?.value === undefined) return [];
    }
    if (!element) return [binding];
    const { value } = binding;
    if (
      value?.kind === "tensor" &&
      value.v.type.shape.length > 0 &&
      value.fixed === null &&
      value.view === null
    )
      return [value];
    if (value?.kind === "array" && value.held.kind === "staged" && value.held.rows.view === null)
      return [value.held.rows];
    return [];
  });
