/** From a function and the types of its arguments to a program: the front end's one entry. */
import type { ts } from "ts-morph";
import { type Span, TscJitError } from "../diagnostics.js";
import { createBuilder } from "../ir/builder.js";
import type { IrFunction, Var } from "../ir/types.js";
import { callValue } from "./calls.js";
import { describe } from "./describe.js";
import { createFaults, type Faults, withFound } from "./faults.js";
import { hostFunction, openHost } from "./hosts.js";
import { openScripts } from "./inspector.js";
import { MAX_STEPS, type Machine, NeedStatic, needKey, refuse, type Site } from "./machine.js";
import { refuseFixed } from "./member-writes.js";
import { refuseThrow, StagedThrow } from "./regions.js";
import { metaOf } from "./registry.js";
import { settled } from "./settled.js";
import { nameByUse, sourceOf } from "./source.js";
import { argument } from "./stage-arguments.js";
import { refuseUnmerged, requireMerged, varOf } from "./tensors.js";
import { typescript } from "./ts.js";
import type { AnyFunction, InputSource, OutLeaf, Staged, StageRequest, Tree } from "./types.js";
import { NO_SHORT_LOOPS } from "./unrolling.js";
import { functionOf, keysOf, UNDEFINED, type Value } from "./values.js";

/**
 * Stages a function for arguments of these types. Number arguments whose values the program needs become static
 * (`staticLeaves`). Throws TscJitError where the function is outside the language.
 */
export const stage = (request: StageRequest): Staged => {
  openScripts(); // cheap only before the parser is loaded
  const statics = new Set<string>();
  let first: TscJitError | null = null;
  for (;;) {
    try {
      return attempt(request, statics);
    } catch (e) {
      // Which row of an array a variable holds is told by the row's index in a loop of the program, but not in an unrolled one.
      if (e instanceof TscJitError && first === null && MAY_BE.has(e.code)) {
        first = withFurtherFaults(request, statics, e);
        statics.clear();
        statics.add(NO_SHORT_LOOPS);
        continue;
      }
      if (e instanceof TscJitError) throw first ?? withFurtherFaults(request, statics, e);
      if (!(e instanceof NeedStatic)) throw e;
      const before = statics.size;
      for (const need of e.needs) statics.add(needKey(need));
      if (statics.size === before) throw e; // cannot happen: a static leaf has no needs
    }
  }
};

/** Refusals of objects that may be one of several. */
const MAY_BE: ReadonlySet<string> = new Set(["TSJ1023", "TSJ1024", "TSJ1103"]);

/** How many steps of the interpreter the search for further faults may take. */
const SEARCH_STEPS = 100_000;

/** The error with the faults that staging finds when it goes on after it. */
const withFurtherFaults = (
  request: StageRequest,
  before: ReadonlySet<string>,
  error: TscJitError,
): TscJitError => {
  if (error.diagnostics.some((d) => d.kind === "internal")) return error;
  const statics = new Set(before);
  const faults = createFaults();
  for (;;) {
    try {
      attempt(request, statics, faults);
      return withFound(error, faults);
    } catch (e) {
      // Whatever else ends it: the faults found so far are faults.
      if (!(e instanceof NeedStatic)) return withFound(error, faults);
      const { size } = statics;
      for (const need of e.needs) statics.add(needKey(need));
      if (statics.size === size) return withFound(error, faults);
      faults.found.clear();
    }
  }
};

const attempt = (
  request: StageRequest,
  statics: ReadonlySet<string>,
  faults: Faults | null = null,
): Staged => {
  const machine = createMachine(request, statics, faults);
  if (faults !== null) machine.steps = MAX_STEPS - SEARCH_STEPS;
  const inputs = new Map<Var, InputSource>();
  const staticLeaves: number[] = [];
  const site: Site = { machine, frame: null, node: null };
  const args = request.args.map((tree, k) =>
    argument(machine, tree, `argument ${k + 1}`, inputs, staticLeaves),
  );
  const results: Var[] = [];
  const tree = machine.root.at(rootSpan(request.fn), () => {
    const value = callRoot(site, request.fn, args);
    return machine.root.at(resultSpan(machine, request.fn), () => leaveProgram(site, value, results));
  });
  for (const { v, capture } of machine.hidden.values()) inputs.set(v, { kind: "capture", index: capture });
  const fn = withoutUnused(machine.root.finish(nameFor(request, request.fn), results));
  return {
    fn,
    inputs: fn.params.flatMap((p) => inputs.get(p) ?? []),
    out: tree,
    staticLeaves,
    writes: [...machine.owned.values()].some((at) => at !== null),
    functions: machine.functions,
    captures: machine.captures,
  };
};

const callRoot = (site: Site, fn: AnyFunction, args: readonly Value[]): Value => {
  try {
    return callValue(site, rootFunction(fn), args);
  } catch (e) {
    if (e instanceof StagedThrow) return refuseThrow(e.site, e.text);
    throw e;
  }
};

export const createMachine = (
  request: Pick<StageRequest, "fn" | "scope" | "maxIterations">,
  statics: ReadonlySet<string>,
  faults: Faults | null,
): Machine => {
  const root = createBuilder();
  return {
    ts: typescript(),
    builder: root,
    root,
    open: new Set([root]),
    functions: [request.fn],
    captures: [],
    captureIndex: new Map(),
    hidden: new Map(),
    statics,
    scope: request.scope,
    maxIterations: request.maxIterations ?? null,
    hosts: new Map(),
    steps: 0,
    depth: 0,
    journals: [],
    conditions: [],
    integral: new Set(),
    ranges: new Map(),
    wanted: new Map(),
    made: new WeakMap(),
    classes: new Map(),
    owned: new Map(),
    returned: new Set(),
    moves: 0,
    facts: new Map(),
    shown: null,
    catching: 0,
    path: [],
    entered: [],
    unrolled: 1,
    reverse: 0,
    derivatives: 0,
    faults,
  };
};

/** Where the user's function is written: the place of what has no line of its own. */
const rootSpan = (fn: AnyFunction): Span | null => {
  const meta = metaOf(fn);
  if (meta?.kind === "transform") return rootSpan(meta.fn);
  if (meta !== undefined) return null;
  const source = sourceOf(fn, { library: false });
  return source.spanOf(source.node);
};

/** Where the user's function gives its result, if that is one place. */
const resultSpan = (machine: Machine, fn: AnyFunction): Span | null => {
  const { ts } = machine;
  const meta = metaOf(fn);
  if (meta?.kind === "transform") return resultSpan(machine, meta.fn);
  if (meta !== undefined) return null;
  const { node, spanOf } = sourceOf(fn, { library: false });
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) return spanOf(node.body);
  const returns: ts.ReturnStatement[] = [];
  const visit = (at: ts.Node): void => {
    if (ts.isReturnStatement(at)) returns.push(at);
    if (!ts.isFunctionLike(at) && !ts.isClassLike(at)) at.forEachChild(visit);
  };
  node.forEachChild(visit);
  const [only, ...others] = returns;
  return only === undefined || others.length > 0 ? spanOf(node) : spanOf(only);
};

/** A transform's callable is the transform of its function; a library function stays one. */
const rootFunction = (fn: AnyFunction): Value => {
  const meta = metaOf(fn);
  return meta?.kind === "transform"
    ? hostFunction(fn)
    : functionOf({ kind: "host", fn, libraryScript: null, place: null });
};

const nameFor = (request: StageRequest, fn: AnyFunction): string => {
  const meta = metaOf(fn);
  if (meta?.kind === "transform") {
    const inner = nameFor(request, meta.fn);
    return meta.transform.kind === "jit" ? inner : `${meta.transform.kind}(${inner})`;
  }
  if (meta !== undefined) return meta.id;
  if (fn.name !== "") return fn.name;
  return nameByUse(sourceOf(fn, { library: false }).node) ?? "anonymous";
};

/** Params that no equation and no result reads are left out. */
const withoutUnused = (fn: IrFunction): IrFunction => {
  const used = new Set<Var>(fn.results);
  for (const eqn of fn.body) for (const v of eqn.inputs) used.add(v);
  return { ...fn, params: fn.params.filter((p) => used.has(p)) };
};

/** What a program returns, its staged leaves added to `results`; refuses writes to arguments that it does not return. */
export const leaveProgram = (site: Site, value: Value, results: Var[]): Tree<OutLeaf> => {
  const tree = outTree(site, value, results);
  const { owned, returned } = site.machine;
  for (const [array, at] of owned)
    if (at !== null && !returned.has(array)) refuseFixed(at, "argument", "an element");
  return tree;
};

const outTree = (site: Site, value: Value, results: Var[]): Tree<OutLeaf> => {
  switch (value.kind) {
    case "static":
      if (typeof value.value === "object" && value.value !== null)
        return refuse(
          site,
          "TSJ1060",
          `the result holds ${describe(value)}, which can't leave compiled code`,
          "return numbers, arrays and plain objects",
        );
      return { kind: "leaf", leaf: { kind: "static", value: value.value } };
    case "tensor": {
      site.machine.returned.add(value);
      const index = results.push(varOf(site, value)) - 1;
      const weak = value.weak && value.v.type.shape.length === 0;
      return { kind: "leaf", leaf: weak ? { kind: "result", index, weak } : { kind: "result", index } };
    }
    case "unmerged":
      return refuseUnmerged(site, value);
    case "array":
      requireMerged(site, value);
      if (value.held.kind === "grown") return outTree(site, settled(site, value), results);
      if (value.held.kind === "staged") return outTree(site, value.held.rows, results);
      return { kind: "array", items: value.items.map((item) => outTree(site, item, results)) };
    case "object": {
      requireMerged(site, value);
      const keys = keysOf(value);
      return {
        kind: "object",
        keys,
        fields: keys.map((key) => outTree(site, value.props.get(key) ?? UNDEFINED, results)),
      };
    }
    case "host":
      return outTree(site, openHost(site, value), results);
    case "function":
      if (value.callee.kind === "host")
        return { kind: "leaf", leaf: { kind: "static", value: value.callee.fn } };
      return refuse(
        site,
        "TSJ1060",
        "the result holds a function written in compiled code, which can't leave it",
        "return the values it needs, and make the function outside",
      );
    default: {
      const never: never = value;
      return never;
    }
  }
};
