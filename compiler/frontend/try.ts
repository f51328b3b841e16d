/**
 * `try`, `catch` and `finally`. A throw that stands in the block itself is a way out of it that ends at its `catch`, on whatever
 * path it lies; one in a function that the block calls must be certain. What stops the run (an index out of range, a loop that
 * passes maxIterations) is never caught.
 */
import type { ts } from "ts-morph";
import { chooseCompletion } from "./branches.js";
import {
  anyTaken,
  type Completion,
  completionOf,
  exitsOf,
  fallsThrough,
  taken,
  valueIn,
} from "./completions.js";
import { createEnvironment } from "./environment.js";
import { type Frame, type Machine, refuse, type Site } from "./machine.js";
import { bindPattern, declaring } from "./patterns.js";
import { StagedThrow } from "./regions.js";
import { runBlock } from "./statements.js";
import { UNDEFINED, type Value } from "./values.js";

/** Runs the block; what it certainly throws is how it ends. */
const runGuarded = (m: Machine, frame: Frame, s: ts.TryStatement): Completion => {
  const depth = m.journals.length;
  m.catching++;
  try {
    return runBlock(m, { ...frame, catches: true }, s.tryBlock.statements);
  } catch (e) {
    if (!(e instanceof StagedThrow)) throw e;
    // What a region wrote before it threw was undone.
    if (e.depth !== depth)
      refuse(
        e.site,
        "TSJ1040",
        "a function that `try` calls throws inside of a loop or branch that is known only at run time",
        "return a number that says that there is no result (NaN), and test it",
      );
    return { kind: "throw", value: e.value };
  } finally {
    m.catching--;
  }
};

const runCatch = (m: Machine, frame: Frame, clause: ts.CatchClause, error: Value): Completion => {
  const inner: Frame = { ...frame, env: createEnvironment(frame.env) };
  const { variableDeclaration: variable } = clause;
  if (variable !== undefined)
    bindPattern(m, inner, variable.name, error, declaring(m, inner, inner.env, false));
  return runBlock(m, inner, clause.block.statements);
};

const runCaught = (m: Machine, frame: Frame, s: ts.TryStatement, clause: ts.CatchClause): Completion => {
  const end = runGuarded(m, frame, s);
  const exits = exitsOf(end);
  const thrown = exits.find((e) => e.exit.kind === "throw");
  if (thrown === undefined) return end;
  const recover = (): Completion => runCatch(m, frame, clause, valueIn(thrown.exit) ?? UNDEFINED);
  const others = exits.filter((e) => e !== thrown);
  if (others.length === 0 && !fallsThrough(end)) return recover();
  const site: Site = { machine: m, frame, node: s };
  return chooseCompletion(site, anyTaken(site, [thrown]), recover, () =>
    completionOf(others, fallsThrough(end)),
  );
};

export const runTry = (m: Machine, frame: Frame, s: ts.TryStatement): Completion => {
  const { catchClause, finallyBlock } = s;
  const end =
    catchClause === undefined
      ? runBlock(m, frame, s.tryBlock.statements)
      : runCaught(m, frame, s, catchClause);
  if (finallyBlock === undefined) return end;
  const last = runBlock(m, frame, finallyBlock.statements);
  if (last === null) return end;
  if (!fallsThrough(last)) return last;
  const site: Site = { machine: m, frame, node: s };
  return chooseCompletion(
    site,
    anyTaken(site, exitsOf(last)),
    () => taken(last),
    () => end,
  );
};
