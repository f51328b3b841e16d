/** jvp, vjp and linearize inside compiled code. */
import { jvpFunction } from "../../autodiff/jvp.js";
import { openHost } from "./hosts.js";
import { iterate } from "./iterate.js";
import {
  evaluate,
  extraOf,
  linearParts,
  outValue,
  pullBack,
  pushForward,
  spreadTangents,
  stagePoint,
  tangentVars,
} from "./linear-parts.js";
import { refuse, type Site } from "./machine.js";
import { varOf } from "./tensors.js";
import { arrayOf, builtin, isStatic, keysOf, UNDEFINED, type Value } from "./values.js";

/** `{ hasAux }`, which no tree of numbers is; null for anything else. */
const auxFlag = (site: Site, value: Value): boolean | null => {
  const opened = value.kind === "host" ? openHost(site, value) : value;
  if (opened.kind !== "object" || keysOf(opened).join() !== "hasAux") return null;
  const flag = opened.props.get("hasAux");
  return isStatic(flag) && typeof flag.value === "boolean" ? flag.value : null;
};

/** The arguments without an options object at their end. */
const withOptions = (site: Site, args: readonly Value[]) => {
  const last = args.at(-1);
  const hasAux = last === undefined ? null : auxFlag(site, last);
  return hasAux === null ? { primals: args, hasAux: false } : { primals: args.slice(0, -1), hasAux };
};

/** jvp(fn, primals, tangents, { hasAux }): [out, tangent of out], then what else fn returns. */
export const jvpCall = (
  site: Site,
  [fn = UNDEFINED, primals = UNDEFINED, tangents = UNDEFINED, options = UNDEFINED]: readonly Value[],
): Value => {
  const { builder } = site.machine;
  const isNone = isStatic(options) && options.value === undefined;
  const hasAux = isNone
    ? false
    : (auxFlag(site, options) ??
      refuse(site, "TSJ1054", "the options of jvp are an object: { hasAux }, true or false"));
  const given = iterate(site, primals);
  const dotTrees = iterate(site, tangents);
  if (given.length !== dotTrees.length)
    refuse(site, "TSJ3013", `jvp: ${given.length} primals need as many tangents, not ${dotTrees.length}`);
  const point = stagePoint(site, "jvp", fn, given, "forward", hasAux);
  const { leaves, staged, extra } = point;
  const dots = tangentVars(site, point, dotTrees);
  const { fn: ir, tangentOuts } = jvpFunction(
    staged.fn,
    staged.fn.params.map(() => true),
  );
  const results = builder.inline(ir, [...leaves.map((leaf) => varOf(site, leaf)), ...dots]);
  const [count, total] = [staged.leaves.length, staged.fn.results.length];
  const outs = results.slice(0, count);
  return arrayOf([
    outValue(site, point, outs),
    spreadTangents(site, point, tangentOuts, results.slice(total), outs),
    ...extraOf(site, extra, results.slice(count, total)),
  ]);
};

/** vjp(fn, ...primals): [out, (cotangent of out) => cotangents of the primals, one each], then what else fn returns. */
export const vjpCall = (site: Site, [fn = UNDEFINED, ...args]: readonly Value[]): Value => {
  const { primals, hasAux } = withOptions(site, args);
  const linear = linearParts(stagePoint(site, "vjp", fn, primals, "reverse", hasAux));
  const { outs, extras, residuals } = evaluate(site, linear);
  const pullback = builtin("pullback", ([ct = UNDEFINED], at) => pullBack(at, linear, residuals, ct));
  return arrayOf([outValue(site, linear, outs), pullback, ...extras]);
};

/** linearize(fn, ...primals): [out, (...tangents of the primals) => tangent of out], then what else fn returns. */
export const linearizeCall = (site: Site, [fn = UNDEFINED, ...args]: readonly Value[]): Value => {
  const { primals, hasAux } = withOptions(site, args);
  const linear = linearParts(stagePoint(site, "linearize", fn, primals, "forward", hasAux));
  const { outs, extras, residuals } = evaluate(site, linear);
  const push = builtin("linear", (tangents, at) => pushForward(at, linear, outs, residuals, tangents));
  return arrayOf([outValue(site, linear, outs), push, ...extras]);
};
