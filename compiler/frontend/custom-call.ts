/**
 * Functions whose derivative is the user's own. A call under a derivative becomes one equation that holds the function and
 * its rule as regions; anywhere else it is the function.
 */
import { isFloat, sameShape, typeText, type Var } from "../ir/types.js";
import { callValue } from "./calls.js";
import type { Code } from "./codes.js";
import { describe } from "./describe.js";
import { iterate } from "./iterate.js";
import { leavesLike } from "./like-leaves.js";
import { refuse, type Site } from "./machine.js";
import { type Nested, stageNested } from "./nested.js";
import { closeRegions } from "./regions.js";
import { lift, tensorOf, varOf } from "./tensors.js";
import { mapStaged, stagedLeaves } from "./trees.js";
import {
  arrayOf,
  builtin,
  isNullish,
  nextSerial,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";
import { likeResults } from "./wanted.js";

const isSmooth = (leaf: Value): leaf is TensorValue => leaf.kind === "tensor" && isFloat(leaf.v.type.dtype);

/** The staged floats among the arguments: what the function is differentiated by. */
const smoothLeaves = (site: Site, args: readonly Value[]): readonly TensorValue[] => {
  const found: TensorValue[] = [];
  for (const arg of args)
    mapStaged(site, arg, (leaf) => {
      if (isSmooth(leaf)) found.push(leaf);
      return leaf;
    });
  return found;
};

/** The arguments with others for their staged floats, in order; `rest` gives what stands for the other leaves. */
const withSmooth = (
  site: Site,
  args: readonly Value[],
  leaves: readonly Value[],
  rest: (leaf: Value) => Value = (leaf) => leaf,
): readonly Value[] => {
  let next = 0;
  return args.map((arg) =>
    mapStaged(site, arg, (leaf) => (isSmooth(leaf) ? (leaves[next++] ?? UNDEFINED) : rest(leaf))),
  );
};

/** A value in the type that it must have. */
const asType = (site: Site, leaf: TensorValue, wanted: TensorValue, what: string): Var => {
  const v = varOf(site, leaf);
  const { dtype, shape } = wanted.v.type;
  const mayCast = (leaf.weak || wanted.weak) && isFloat(v.type.dtype) && isFloat(dtype);
  if (!sameShape(v.type.shape, shape) || (v.type.dtype !== dtype && !mayCast))
    refuse(site, "TSJ3014", `${what} must be ${typeText(wanted.v.type)}, not ${typeText(v.type)}`);
  return site.machine.builder.cast(v, dtype);
};

/** The leaves of a tree with the structure of the function's result, in its types; of tangents, those of the floats. */
const resultVars = (
  site: Site,
  tree: Value,
  body: Nested,
  what: string,
  wanted: (leaf: TensorValue) => boolean = () => true,
): readonly Var[] => {
  const leaves = leavesLike(site, tree, body.out, { what, of: "the function's result" });
  return body.leaves.flatMap((like, k) =>
    wanted(like) ? [asType(site, leaves[k] ?? like, like, what)] : [],
  );
};

const pairOf = (site: Site, value: Value, what: string, wanted: string): readonly [Value, Value] => {
  const items = value.kind === "array" || value.kind === "tensor" ? iterate(site, value) : [];
  const [first, second] = items;
  return items.length === 2 && first !== undefined && second !== undefined
    ? [first, second]
    : refuse(site, "TSJ3014", `${what} returns ${wanted}, this one returns ${describe(value)}`);
};

/** What runs beside the program, or more than once, must not write outside: `what` does it. */
export const withoutWrites = <T>(site: Site, code: Code, what: string, f: () => T): T => {
  const { machine } = site;
  const journal = { since: nextSerial(), before: new Map() };
  machine.journals.push(journal);
  try {
    return f();
  } finally {
    machine.journals.pop();
    if ([...journal.before.keys()].some((cell) => cell.born <= journal.since))
      refuse(site, code, `${what} changes something outside it`, "let it return what it computes");
  }
};

const withDerivatives = <T>({ machine }: Site, count: number, f: () => T): T => {
  const before = machine.derivatives;
  machine.derivatives = count;
  try {
    return f();
  } finally {
    machine.derivatives = before;
  }
};

/** From the primals and their tangents, as trees, to the results and the tangents of the floats among them. */
type Rule = (
  at: Site,
  primals: readonly Value[],
  tangents: readonly Value[],
  body: Nested,
) => { readonly outs: readonly Var[]; readonly tangents: readonly Var[] };

const customCall = (site: Site, fn: Value, args: readonly Value[], what: string, rule: Rule): Value => {
  const leaves = smoothLeaves(site, args);
  if (site.machine.derivatives === 0 || leaves.length === 0) return callValue(site, fn, args);
  // no derivative goes through the function, and one less through its rule: so a rule may call the function itself
  const body = withDerivatives(site, 0, () =>
    stageNested(site, fn, (param) =>
      withSmooth(
        site,
        args,
        leaves.map((leaf) => param(leaf, leaf.v.type)),
      ),
    ),
  );
  const run = builtin(what, (values, at) => {
    const primals = values.slice(0, args.length);
    const { outs, tangents } = rule(at, primals, values.slice(args.length), body);
    return arrayOf([...outs, ...tangents].map((v) => tensorOf(at, v)));
  });
  const left = site.machine.derivatives - 1;
  const ruled = withoutWrites(site, "TSJ3014", what, () =>
    withDerivatives(site, left, () =>
      stageNested(site, run, (param) => {
        const primals = leaves.map((leaf) => param(leaf, leaf.v.type));
        const tangents = leaves.map((leaf) => param(leaf, leaf.v.type));
        return [
          ...withSmooth(site, args, primals),
          ...withSmooth(site, args, tangents, () => staticValue(0)),
        ];
      }),
    ),
  );
  const { fns, free } = closeRegions([
    { fn: body.fn, own: 0 },
    { fn: ruled.fn, own: 0 },
  ]);
  const [own = body.fn, derivative = ruled.fn] = fns;
  const outs = site.machine.builder.emitAll("custom", [...free, ...leaves.map((leaf) => varOf(site, leaf))], {
    consts: free.length,
    body: own,
    rule: derivative,
  });
  return likeResults(site, body.out, body.leaves, outs);
};

/** customJvp(fn, rule)(...args), where rule(primals, tangents) gives [value, tangent]. */
export const customJvpCall = (
  site: Site,
  [fn = UNDEFINED, rule = UNDEFINED, ...args]: readonly Value[],
): Value =>
  customCall(site, fn, args, "the rule of customJvp", (at, primals, tangents, body) => {
    const result = callValue(at, rule, [arrayOf(primals), arrayOf(tangents)]);
    const [value, tangent] = pairOf(at, result, "the rule of customJvp", "[value, tangent]");
    return {
      outs: resultVars(at, value, body, "the value that the rule of customJvp gives"),
      tangents: resultVars(at, tangent, body, "the tangent that the rule of customJvp gives", isSmooth),
    };
  });

/** The cotangents that `bwd` gives for the staged floats among the arguments; nothing stands for zeros. */
const cotangentsOf = (site: Site, result: Value, args: readonly Value[]): readonly Value[] => {
  const items = iterate(site, result);
  if (items.length !== args.length)
    refuse(
      site,
      "TSJ3014",
      `the backward rule of customVjp returns one cotangent per argument: ${args.length}, not ${items.length}`,
    );
  const { builder } = site.machine;
  return args.flatMap((arg, k) => {
    const item = items[k] ?? UNDEFINED;
    const all: Value[] = [];
    mapStaged(site, arg, (leaf) => {
      all.push(leaf);
      return leaf;
    });
    const given = isNullish(item) ? null : stagedLeaves(site, item, "a cotangent");
    if (given !== null && given.length !== all.length)
      refuse(site, "TSJ3014", `cotangent ${k + 1} must have ${all.length} leaves, it has ${given.length}`);
    return all.flatMap((leaf, i): readonly Value[] => {
      if (!isSmooth(leaf)) return [];
      const ct = given?.[i];
      const v =
        ct === undefined
          ? builder.zerosLike(leaf.v)
          : asType(site, ct, leaf, `cotangent ${k + 1} of customVjp`);
      return [tensorOf(site, v)];
    });
  });
};

/** customVjp(fn, fwd, bwd)(...args): fwd(...args) gives [value, residuals], bwd(residuals, cotangent) the cotangents. */
export const customVjpCall = (
  site: Site,
  [fn = UNDEFINED, fwd = UNDEFINED, bwd = UNDEFINED, ...args]: readonly Value[],
): Value =>
  customCall(site, fn, args, "the rule of customVjp", (at, primals, tangents, body) => {
    const result = callValue(at, fwd, primals);
    const [value, kept] = pairOf(at, result, "the forward rule of customVjp", "[value, residuals]");
    const outs = resultVars(at, value, body, "the value that the forward rule of customVjp gives");
    const residuals: TensorValue[] = [];
    const tree = mapStaged(at, kept, (leaf) => {
      const staged = lift(at, leaf, "a residual");
      residuals.push(staged);
      return staged;
    });
    const apply = builtin("the backward rule of customVjp", (values, inner) =>
      arrayOf(cotangentsOf(inner, callValue(inner, bwd, values), primals)),
    );
    const back = stageNested(at, apply, (param) => {
      let next = 0;
      const given = residuals.map((leaf) => param(leaf, leaf.v.type));
      const ct = mapStaged(at, body.out, () => {
        const leaf = body.leaves[next++];
        return leaf === undefined || !isFloat(leaf.v.type.dtype) ? staticValue(0) : param(leaf, leaf.v.type);
      });
      let k = 0;
      return [mapStaged(at, tree, () => given[k++] ?? UNDEFINED), ct];
    });
    const { fns, free } = closeRegions([{ fn: back.fn, own: 0 }]);
    const known = [...free, ...residuals.map((leaf) => varOf(at, leaf))];
    const moving = smoothLeaves(at, tangents).map((leaf) => varOf(at, leaf));
    return {
      outs,
      tangents: at.machine.builder.emitAll("fromTranspose", [...known, ...moving], {
        known: known.length,
        transpose: fns[0] ?? back.fn,
      }),
    };
  });
