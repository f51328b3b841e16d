/** jacfwd and jacrev of a function inside compiled code. */
import { jacfwdFunction, jacrevFunction } from "../../autodiff/jacobian.js";
import { internal } from "../diagnostics.js";
import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { tensorOf, varOf } from "./tensors.js";
import { mapStaged } from "./trees.js";
import { arrayOf, type Value } from "./values.js";
import { auxOf, type Derivative, likeArguments, likeResults, stageWanted, titleOf } from "./wanted.js";

type Jacobian = Derivative & { readonly kind: "jacfwd" | "jacrev" };

/**
 * The result's structure with, at each leaf, the structure of the arguments: leaves [...result's shape, ...argument's shape].
 * With aux results, `[jacobian, aux]`.
 */
export const jacobianCall = (site: Site, transform: Jacobian, fn: Value, args: readonly Value[]): Value => {
  const { hasAux } = transform;
  const kind = titleOf(transform);
  const isForward = transform.kind === "jacfwd";
  const wanted = stageWanted(site, transform, fn, args, isForward ? "forward" : "reverse");
  const { staged, given } = wanted;
  const aux = auxOf(site, staged.out, hasAux, kind);
  let auxCount = 0;
  if (aux !== null)
    mapStaged(site, aux.extra, (leaf) => {
      auxCount++;
      return leaf;
    });
  const count = staged.leaves.length - auxCount;
  if (count === 0)
    refuse(
      site,
      "TSJ3011",
      `${kind} needs a function that returns numbers, this one returns ${describe(staged.out)}`,
    );
  const ir = (isForward ? jacfwdFunction : jacrevFunction)(staged.fn, auxCount, kind);
  const vars = given.flat().map((leaf) => varOf(site, leaf));
  const results = site.machine.builder.inline(ir, vars);
  const blocks = results.slice(staged.leaves.length);
  let row = 0;
  const jacobian = mapStaged(site, aux === null ? staged.out : aux.value, () => {
    const first = row++ * vars.length;
    const weakRow = staged.leaves[row - 1]?.weak ?? false;
    return likeArguments(site, transform, args, wanted, (leaf, k) =>
      tensorOf(site, blocks[first + k] ?? internal(`${kind} lacks block ${first + k}`), {
        weak: leaf.weak && weakRow,
      }),
    );
  });
  if (aux === null) return jacobian;
  return arrayOf([
    jacobian,
    likeResults(site, aux.extra, staged.leaves.slice(count), results.slice(count, staged.leaves.length)),
  ]);
};
