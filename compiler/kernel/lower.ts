/** Tensor IR to kernels: the whole way from an optimised function to a program with a memory plan. */
import { internal } from "../diagnostics.js";
import type { IrFunction, Var } from "../ir/types.js";
import { planScratch } from "./bufferize.js";
import { dropStores } from "./drop-stores.js";
import { dropUnused } from "./drop-unused.js";
import { hoistRows } from "./hoist-rows.js";
import { stridedView } from "./lower/access.js";
import { findAliases, hostOf, inPlace, mayReplace } from "./lower/aliases.js";
import { collapseLoops } from "./lower/collapse.js";
import { contractMultiplyAdds } from "./lower/contract.js";
import { lowerControlNest } from "./lower/control-nest.js";
import { type Copy, copyKernels, lowerControl } from "./lower/control-steps.js";
import { decompose } from "./lower/decompose.js";
import { buildGraph, type Graph, type Node } from "./lower/graph.js";
import { type Group, groupNodes } from "./lower/groups.js";
import { lowerMatmul } from "./lower/matmul.js";
import { narrowBroadcasts } from "./lower/narrow.js";
import { lowerNest } from "./lower/nest.js";
import { sinkConstants } from "./lower/prepare.js";
import { createProgramMemory, type ProgramMemory, type ProgramState } from "./lower/program.js";
import { emptyTape, lowerUpdate } from "./lower/update.js";
import { type RaiseOptions, raiseLoops } from "./raise.js";
import type {
  Buffer,
  BufferId,
  BufferPlace,
  Kernel,
  KernelProgram,
  RegType,
  ResultPlace,
  Step,
  Stmt,
} from "./types.js";
import { kernelsOf, nextRegister } from "./walk.js";

export interface LowerOptions {
  /** No reassociation and no contraction anywhere: every sum in row-major order, every product rounded. */
  readonly strict?: boolean;
  /** Contraction in f64 kernels too. */
  readonly fast?: boolean;
  /** Multiplications up to which a product is written as plain loops. */
  readonly smallProduct?: number;
  /** Control flow inside kernels, where it fits (the default); else always over whole kernels. */
  readonly nests?: boolean;
}

/** Lowers a verified function (after simplification). Throws only `internal` diagnostics. */
export const lowerProgram = (fn: IrFunction, options: LowerOptions = {}): KernelProgram => {
  const memory = createProgramMemory();
  const graph = graphOf(narrowBroadcasts(decompose(sinkConstants(fn))), options);
  const outputs = outputIndices(graph);
  const inputs = graph.fn.params.map((p, index) => memory.newBuffer(p.type, { kind: "input", index }));
  const outputBuffers = [...outputs].map(([v, index]) => memory.newBuffer(v.type, { kind: "output", index }));
  const targets = graph.resultBases.map((v) => outputBuffers[outputs.get(v) ?? -1] ?? null);
  const steps = lowerGraph(memory, options, graph, inputs, targets);
  const { buffers, scratchBytes } = placeBuffers(memory, steps);
  const places = graph.resultBases.map((v): ResultPlace => {
    const input = graph.paramOf.get(v);
    if (input !== undefined) return { kind: "input", index: input };
    return { kind: "output", index: outputs.get(v) ?? internal("a result has no output") };
  });
  return {
    name: fn.name,
    buffers,
    steps,
    inputs: fn.params.length,
    outputs: outputs.size,
    results: places,
    scratchBytes,
    errors: memory.errors(),
    scalar: isScalar(fn, outputs.size, buffers) && kernelsOf(steps).every((k) => k.kind === "loops"),
  };
};

/** @param owned parameters whose memory may be overwritten */
const graphOf = (fn: IrFunction, options: LowerOptions, owned: ReadonlySet<Var> = new Set()): Graph =>
  buildGraph(
    fn,
    { ...options, strict: options.strict === true, owned },
    (g, x) => stridedView(g, x) !== null,
  );

/** The parameters that lie where a result is to be. */
const ownedParams = (
  fn: IrFunction,
  params: readonly BufferId[],
  targets: readonly (BufferId | null)[],
): ReadonlySet<Var> => new Set(fn.params.filter((_, k) => targets.includes(params[k] ?? null)));

/**
 * The steps of one function. Parameters are read from `params`; result k ends up in `targets[k]` (null: it is not wanted).
 * Targets alone are overwritten, also where they are parameters, as the carries of a loop are.
 */
const lowerGraph = (
  memory: ProgramMemory,
  options: LowerOptions,
  graph: Graph,
  params: readonly BufferId[],
  targets: readonly (BufferId | null)[],
): readonly Step[] => {
  const strict = options.strict === true;
  const { resultBases, paramOf } = graph;
  const results = new Set(resultBases);
  const owned = ownedParams(graph.fn, params, targets);
  const grouping = groupNodes(graph, new Set(resultBases.filter((v) => !paramOf.has(v))), owned);
  const { groups, stored } = grouping;
  const aliases = findAliases(graph, grouping, results, owned);
  const placed = new Map<Var, BufferId>();
  graph.fn.params.forEach((p, k) => {
    placed.set(hostOf(aliases, p), params[k] ?? internal("a parameter has no memory"));
  });
  const copies: Copy[] = [];
  resultBases.forEach((v, k) => {
    const to = targets[k] ?? null;
    if (to === null) return;
    const from = placed.get(v);
    const replaced = graph.fn.params.find((_, j) => params[j] === to);
    if (from !== undefined) copies.push({ from, to, type: v.type });
    else if (replaced === undefined || mayReplace(grouping, aliases, replaced, v, results)) placed.set(v, to);
    else {
      const from = memory.newBuffer(v.type, { kind: "scratch" });
      placed.set(v, from);
      copies.push({ from, to, type: v.type });
    }
  });
  const state: ProgramState = {
    graph,
    strict,
    memory,
    bufferOf: (v) => {
      const host = hostOf(aliases, v);
      const buffer = placed.get(host) ?? memory.newBuffer(host.type, { kind: "scratch" });
      placed.set(host, buffer);
      return buffer;
    },
    isStored: (v) => paramOf.has(v) || stored.has(v),
    inPlace: (x, v) => inPlace(graph, aliases, x, v),
    lowerRegion: (region, from, to) => {
      const inner = graphOf(region, options, ownedParams(region, from, to));
      return lowerGraph(memory, options, inner, from, to);
    },
  };
  const isStored = (n: Node): boolean => stored.has(n.v);
  const contracted: ReadonlySet<RegType> = new Set(
    strict ? [] : options.fast === true ? ["f32", "f64"] : ["f32"],
  );
  const steps = groups
    .flatMap((g) => lowerGroup(state, g, isStored))
    // what is inside control flow is tidy already
    .map((s) =>
      s.kind === "loops" || s.kind === "matmul" ? tidy(s, contracted, { buffer: memory.buffer, strict }) : s,
    );
  return [...steps, ...copyKernels(memory, copies)];
};

/** Output number of each distinct result that is not a parameter. */
const outputIndices = (graph: Graph): ReadonlyMap<Var, number> => {
  const outputs = new Map<Var, number>();
  for (const v of graph.resultBases)
    if (!graph.paramOf.has(v) && !outputs.has(v)) outputs.set(v, outputs.size);
  return outputs;
};

/** A function of numbers with one result, all of whose values are single elements. */
const isScalar = (fn: IrFunction, outputs: number, buffers: readonly Buffer[]): boolean =>
  outputs === 1 &&
  fn.results.length === 1 &&
  [...fn.params, ...fn.results].every((v) => v.type.shape.length === 0) &&
  buffers.every((b) => b.size === 1 && b.place.kind !== "tape");

const lowerGroup = (p: ProgramState, group: Group, stored: (node: Node) => boolean): readonly Step[] => {
  switch (group.kind) {
    case "loops":
      return [lowerNest(p, group, stored)];
    case "matmul":
      return [lowerMatmul(p, group, stored)];
    case "scatterAdd":
    case "dynamicUpdate": {
      const [only] = group.members;
      return only === undefined ? [] : lowerUpdate(p, only.node);
    }
    case "tape":
      return group.members.map(({ node }) => emptyTape(p, node));
    case "steps":
    case "nest": {
      const [only] = group.members;
      if (only === undefined) return [];
      return group.kind === "steps" ? lowerControl(p, only.node) : lowerControlNest(p, only.node);
    }
    default: {
      const never: never = group.kind;
      return internal(`unexpected group ${never}`);
    }
  }
};

/** Passes over one kernel's statements. */
const tidy = (kernel: Kernel, contracted: ReadonlySet<RegType>, raise: RaiseOptions): Kernel => {
  const clean = (body: readonly Stmt[]): readonly Stmt[] => {
    let next = Math.max(nextRegister(body), kernel.kind === "matmul" ? kernel.acc + 1 : 0);
    const fused = contracted.size === 0 ? body : contractMultiplyAdds(body, contracted, () => next++);
    return collapseLoops(dropUnused(dropStores(fused)));
  };
  return kernel.kind === "matmul"
    ? { ...kernel, epilogue: clean(kernel.epilogue) }
    : { ...kernel, body: clean(raiseLoops(hoistRows(kernel.body), raise)) };
};

const placeBuffers = (
  memory: ProgramMemory,
  steps: readonly Step[],
): { readonly buffers: readonly Buffer[]; readonly scratchBytes: number } => {
  const drafts = memory.buffers();
  const scratch = drafts.filter((d) => d.source.kind === "scratch");
  const plan = planScratch(scratch, steps);
  let literals = 0;
  let tapes = 0;
  const buffers = drafts.map(({ id, dtype, size, source }): Buffer => {
    const place = ((): BufferPlace => {
      switch (source.kind) {
        case "literal":
          return { kind: "data", index: literals++, values: source.values };
        case "tape":
          return { kind: "tape", index: tapes++ };
        case "input":
        case "output":
          return source;
        case "scratch":
          return {
            kind: "scratch",
            offset: plan.offsets.get(id) ?? internal("a scratch buffer has no place"),
          };
        default: {
          const never: never = source;
          return internal(`unexpected source ${JSON.stringify(never)}`);
        }
      }
    })();
    return { id, dtype, size, place };
  });
  return { buffers, scratchBytes: plan.bytes };
};
