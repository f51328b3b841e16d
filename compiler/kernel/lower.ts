/** Tensor IR to kernels: the whole way from an optimised function to a program with a memory plan. */
import { internal } from "../diagnostics.js";
import type { IrFunction, Var } from "../ir/types.js";
import { planScratch } from "./bufferize.js";
import { stridedView } from "./lower/access.js";
import { findAliases } from "./lower/aliases.js";
import { collapseLoops } from "./lower/collapse.js";
import { contractMultiplyAdds, dropUnused, nextRegister } from "./lower/contract.js";
import { decompose } from "./lower/decompose.js";
import { buildGraph, type Graph, type Node } from "./lower/graph.js";
import { type Group, groupNodes } from "./lower/groups.js";
import { lowerMatmul } from "./lower/matmul.js";
import { narrowBroadcasts } from "./lower/narrow.js";
import { lowerNest } from "./lower/nest.js";
import { createProgramState, type ProgramState } from "./lower/program.js";
import { lowerUpdate } from "./lower/update.js";
import type { Buffer, BufferPlace, Kernel, KernelProgram, RegType, ResultPlace, Stmt } from "./types.js";

export interface LowerOptions {
  /** No reassociation and no contraction anywhere: every sum in row-major order, every product rounded. */
  readonly strict?: boolean;
  /** Contraction in f64 kernels too. */
  readonly fast?: boolean;
  /** Multiplications up to which a product is written as plain loops. */
  readonly smallProduct?: number;
}

/** Lowers a verified function (after simplification). Throws only `internal` diagnostics. */
export const lowerProgram = (fn: IrFunction, options: LowerOptions = {}): KernelProgram => {
  const strict = options.strict === true;
  const graph = buildGraph(
    narrowBroadcasts(decompose(fn)),
    { ...options, strict },
    (g, x) => stridedView(g, x) !== null,
  );
  const outputs = outputIndices(graph);
  const results = new Set(outputs.keys());
  const grouping = groupNodes(graph, results);
  const { groups, stored } = grouping;
  const state = createProgramState(graph, strict, stored, findAliases(graph, grouping, results));
  for (const v of [...graph.fn.params, ...outputs.keys()]) state.bufferOf(v);
  const isStored = (n: Node): boolean => stored.has(n.v);
  const contracted: ReadonlySet<RegType> = new Set(
    strict ? [] : options.fast === true ? ["f32", "f64"] : ["f32"],
  );
  const kernels = groups.flatMap((g) => lowerGroup(state, g, isStored)).map((k) => tidy(k, contracted));
  const { buffers, scratchBytes } = placeBuffers(state, outputs, kernels);
  const places = graph.resultBases.map((v): ResultPlace => {
    const input = graph.paramOf.get(v);
    if (input !== undefined) return { kind: "input", index: input };
    return { kind: "output", index: outputs.get(v) ?? internal("a result has no output") };
  });
  return {
    name: fn.name,
    buffers,
    kernels,
    inputs: fn.params.length,
    outputs: outputs.size,
    results: places,
    scratchBytes,
    errors: state.errors(),
    scalar: isScalar(graph, outputs.size) && scratchBytes === 0 && kernels.length === 1,
  };
};

/** Output number of each distinct result that is not a parameter. */
const outputIndices = (graph: Graph): ReadonlyMap<Var, number> => {
  const outputs = new Map<Var, number>();
  for (const v of graph.resultBases)
    if (!graph.paramOf.has(v) && !outputs.has(v)) outputs.set(v, outputs.size);
  return outputs;
};

const isScalar = (graph: Graph, outputs: number): boolean =>
  outputs === 1 &&
  graph.fn.results.length === 1 &&
  graph.fn.params.every((p) => p.type.shape.length === 0) &&
  graph.fn.body.every((eqn) => eqn.outs[0].type.shape.length === 0);

const lowerGroup = (p: ProgramState, group: Group, stored: (node: Node) => boolean): readonly Kernel[] => {
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
    default: {
      const never: never = group.kind;
      return internal(`unexpected group ${never}`);
    }
  }
};

/** Passes over one kernel's statements. */
const tidy = (kernel: Kernel, contracted: ReadonlySet<RegType>): Kernel => {
  const clean = (body: readonly Stmt[]): readonly Stmt[] => {
    let next = Math.max(nextRegister(body), kernel.kind === "matmul" ? kernel.acc + 1 : 0);
    const fused = contracted.size === 0 ? body : contractMultiplyAdds(body, contracted, () => next++);
    return collapseLoops(dropUnused(fused));
  };
  return kernel.kind === "matmul"
    ? { ...kernel, epilogue: clean(kernel.epilogue) }
    : { ...kernel, body: clean(kernel.body) };
};

const placeBuffers = (
  p: ProgramState,
  outputs: ReadonlyMap<Var, number>,
  kernels: readonly Kernel[],
): { readonly buffers: readonly Buffer[]; readonly scratchBytes: number } => {
  const drafts = p.buffers();
  const isScratch = (v: Var): boolean => !p.graph.paramOf.has(v) && !outputs.has(v);
  const scratch = drafts.filter((d) => d.source.kind === "value" && isScratch(d.source.v));
  const plan = planScratch(scratch, kernels);
  let literals = 0;
  const buffers = drafts.map(({ id, dtype, size, source }): Buffer => {
    const place = ((): BufferPlace => {
      if (source.kind === "literal") return { kind: "data", index: literals++, values: source.values };
      const input = p.graph.paramOf.get(source.v);
      if (input !== undefined) return { kind: "input", index: input };
      const output = outputs.get(source.v);
      if (output !== undefined) return { kind: "output", index: output };
      return { kind: "scratch", offset: plan.offsets.get(id) ?? internal("a scratch buffer has no place") };
    })();
    return { id, dtype, size, place };
  });
  return { buffers, scratchBytes: plan.bytes };
};
