/** checkpoint and checkpointName in compiled code: a call under a derivative becomes one equation that holds the function. */

import { savesAll, textsOf } from "../ir/saving.js";
import { isFloat } from "../ir/types.js";
import { callValue } from "./calls.js";
import { withoutWrites } from "./custom-call.js";
import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { stageNested } from "./nested.js";
import { closeRegions } from "./regions.js";
import { toHost } from "./reify.js";
import { derived, varOf } from "./tensors.js";
import { mapLeaves } from "./trees.js";
import { builtin, isStatic, UNDEFINED, type Value } from "./values.js";
import { likeResults } from "./wanted.js";

const saveOf = (site: Site, policy: unknown): readonly string[] =>
  textsOf(policy) ?? refuse(site, "TSJ3016", `checkpoint has no policy ${JSON.stringify(policy)}`);

/** checkpoint(fn, { policy }) as a function value. */
export const checkpointOf = (site: Site, fn: Value, policy: unknown): Value => {
  if (fn.kind !== "function")
    return refuse(site, "TSJ1050", `checkpoint needs a function, not ${describe(fn)}`);
  const save = saveOf(site, policy);
  return builtin("checkpoint", (args, at) => checkpointed({ ...at, node: site.node }, fn, save, args));
};

/** checkpointCall(fn, policy, ...args): what a function made outside of compiled code does inside. */
export const checkpointCall = (
  site: Site,
  [fn = UNDEFINED, policy = UNDEFINED, ...args]: readonly Value[],
): Value => checkpointed(site, fn, saveOf(site, toHost(site, policy, "the policy")), args);

const checkpointed = (site: Site, fn: Value, save: readonly string[], args: readonly Value[]): Value => {
  if (site.machine.derivatives === 0 || savesAll(save)) return callValue(site, fn, args);
  const staged = withoutWrites(site, "TSJ3015", "a function under checkpoint", () =>
    stageNested(site, fn, () => args),
  );
  const { fns, free } = closeRegions([{ fn: staged.fn, own: 0 }]);
  const outs = site.machine.builder.emitAll("checkpoint", free, {
    run: "first",
    save,
    body: fns[0] ?? staged.fn,
  });
  return likeResults(site, staged.out, staged.leaves, outs);
};

/** checkpointName(x, name): the floats of a tree under a name. */
export const checkpointNameOf = (
  site: Site,
  [tree = UNDEFINED, name = UNDEFINED]: readonly Value[],
): Value => {
  const text = isStatic(name) && typeof name.value === "string" ? name.value : "";
  if (text === "")
    refuse(
      site,
      "TSJ3016",
      "the name that checkpointName gives is a text, not empty and known at compile time",
    );
  return mapLeaves(site, tree, (leaf) =>
    leaf.kind === "tensor" && isFloat(leaf.v.type.dtype)
      ? derived(
          site,
          [leaf],
          site.machine.builder.emit("name", [varOf(site, leaf)], { name: text }),
          leaf.weak,
        )
      : leaf,
  );
};
