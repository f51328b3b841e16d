/** The static half of einsum: parses the spec and plans pairwise contractions from left to right. */
import { fail } from "../../compiler/diagnostics.js";
import type { DotParams, Shape } from "../../compiler/ir/types.js";

interface Operand {
  readonly labels: readonly string[];
  /** The labels that stay after summing out what only this operand has. */
  readonly keep: readonly string[];
}
export interface EinsumPlan {
  readonly first: Operand;
  readonly steps: readonly (Operand & { readonly dot: DotParams })[];
  /** From the accumulated label order to the output's. */
  readonly perm: readonly number[];
}

const refuse = (spec: string, why: string): never => fail("TSJ2019", "shape", `einsum("${spec}"): ${why}`);

/** Labels sorted that appear once: the output of a spec without an arrow. */
const implicitOutput = (all: readonly string[]): readonly string[] =>
  [...new Set(all)].filter((l) => all.filter((m) => m === l).length === 1).sort();

export const parseEinsum = (spec: string, shapes: readonly Shape[]): EinsumPlan => {
  const [lhs = "", rhs] = spec.replace(/\s/g, "").split("->");
  const operands = lhs.split(",").map((s) => [...s]);
  if (operands.length !== shapes.length)
    refuse(spec, `${operands.length} operands in the spec, ${shapes.length} given`);
  const sizes = new Map<string, number>();
  operands.forEach((labels, k) => {
    const shape = shapes[k] ?? [];
    if (labels.length !== shape.length)
      refuse(spec, `operand ${k + 1} has shape [${shape.join(", ")}], the spec names ${labels.length} axes`);
    if (new Set(labels).size !== labels.length)
      refuse(spec, `operand ${k + 1} repeats a label; take the diagonal first`);
    labels.forEach((l, a) => {
      if (!/[a-zA-Z]/.test(l)) refuse(spec, `"${l}" is not a label`);
      const size = shape[a] ?? 1;
      const seen = sizes.get(l);
      if (seen !== undefined && seen !== size)
        refuse(spec, `label ${l} is ${seen} in one operand and ${size} in another`);
      sizes.set(l, size);
    });
  });
  const output = rhs === undefined ? implicitOutput(operands.flat()) : [...rhs];
  if (output.some((l) => !sizes.has(l)) || new Set(output).size !== output.length)
    refuse(spec, "the output's labels must be distinct and appear in an operand");

  /** Labels that the output or a later operand than `k` needs. */
  const neededAfter = (k: number): ReadonlySet<string> =>
    new Set([...output, ...operands.slice(k + 1).flat()]);
  const keepOf = (k: number, others: readonly string[]): readonly string[] => {
    const needed = neededAfter(k);
    return (operands[k] ?? []).filter((l) => needed.has(l) || others.includes(l));
  };
  const first: Operand = { labels: operands[0] ?? [], keep: keepOf(0, []) };
  let have: readonly string[] = first.keep;
  const steps = operands.slice(1).map((labels, j) => {
    const keep = keepOf(j + 1, have);
    const needed = neededAfter(j + 1);
    const shared = have.filter((l) => keep.includes(l));
    const batch = shared.filter((l) => needed.has(l));
    const contract = shared.filter((l) => !needed.has(l));
    const dot: DotParams = {
      lhsContract: contract.map((l) => have.indexOf(l)),
      rhsContract: contract.map((l) => keep.indexOf(l)),
      lhsBatch: batch.map((l) => have.indexOf(l)),
      rhsBatch: batch.map((l) => keep.indexOf(l)),
    };
    have = [...batch, ...have.filter((l) => !shared.includes(l)), ...keep.filter((l) => !shared.includes(l))];
    return { labels, keep, dot };
  });
  return { first, steps, perm: output.map((l) => have.indexOf(l)) };
};
