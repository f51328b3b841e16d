/** Functions of the package that the front end itself knows: primitives, transforms, and what looks at kinds of values. */
import { isFloat } from "../ir/types.js";
import { checkpointCall, checkpointNameOf, checkpointOf } from "./checkpoint-call.js";
import { customJvpCall, customVjpCall } from "./custom-call.js";
import { describe } from "./describe.js";
import { openHost } from "./hosts.js";
import { applyKeptCall, evaluateKeptCall } from "./kept-calls.js";
import { refuse, type Site } from "./machine.js";
import { callPrimitive } from "./primitives.js";
import { promote } from "./promote.js";
import type { AxesSpec, Transform } from "./registry.js";
import { toHost } from "./reify.js";
import { constantOf, constantVar, derived, isLeaf, lift, tensorOf, varOf } from "./tensors.js";
import { jvpCall, linearizeCall, vjpCall } from "./transform-calls.js";
import { mapLeaves } from "./trees.js";
import {
  arrayOf,
  builtin,
  functionOf,
  isStatic,
  keysOf,
  staticValue,
  UNDEFINED,
  type Value,
} from "./values.js";
import type { Derivative } from "./wanted.js";

type Intrinsic = (site: Site, args: readonly Value[]) => Value;

const option = (site: Site, value: Value | undefined, name: string): Value => {
  const options = value?.kind === "host" ? openHost(site, value) : value;
  return options?.kind === "object" ? (options.props.get(name) ?? UNDEFINED) : UNDEFINED;
};

/** Refuses options that `of` does not have: a misspelt one would do nothing. */
const checkOptions = (site: Site, args: readonly Value[], of: string, names: readonly string[]): void => {
  const options = args[1] ?? UNDEFINED;
  if (isStatic(options) && options.value === undefined) return;
  const opened = options.kind === "host" ? openHost(site, options) : options;
  const known =
    opened.kind === "object"
      ? opened
      : refuse(site, "TSJ1054", `the options of ${of} are an object: { ${names.join(", ")} }`);
  const unknown = keysOf(known).find((name) => !names.includes(name));
  if (unknown !== undefined)
    refuse(site, "TSJ1054", `${of} has no option \`${unknown}\`: it has ${names.join(", ")}`);
};

const transformed = (site: Site, args: readonly Value[], transform: Transform): Value => {
  const fn = args[0] ?? UNDEFINED;
  if (fn.kind !== "function")
    return refuse(site, "TSJ1050", `${transform.kind} needs a function, not ${describe(fn)}`);
  return functionOf({ kind: "transform", transform, fn });
};

/** A value of an options object, or `fallback`. */
const readOption = <T>(site: Site, args: readonly Value[], name: string, fallback: T): T => {
  const value = option(site, args[1], name);
  return isStatic(value) && value.value === undefined
    ? fallback
    : (toHost(site, value, `the option ${name}`) as T);
};

const gradLike =
  (kind: Derivative["kind"], title?: "hessian"): Intrinsic =>
  (site, args) => {
    checkOptions(site, args, title ?? kind, ["argnums", "hasAux"]);
    return transformed(site, args, {
      kind,
      ...(title === undefined ? {} : { title }),
      argnums: readOption<number | readonly number[]>(site, args, "argnums", 0),
      hasAux: readOption(site, args, "hasAux", false),
    });
  };

const tensorIntrinsic: Intrinsic = (site, args) => {
  const data = args[0] ?? UNDEFINED;
  checkOptions(site, args, "tensor", ["shape", "dtype"]);
  const constant = constantOf(data);
  const wanted = readOption<string | null>(site, args, "dtype", null);
  const shape = readOption<readonly number[] | null>(site, args, "shape", null);
  const dtype =
    wanted === "f32" || wanted === "f64" || wanted === "i32" || wanted === "u32" || wanted === "bool"
      ? wanted
      : null;
  if (wanted !== null && dtype === null)
    return refuse(site, "TSJ1052", `there is no dtype ${JSON.stringify(wanted)}`);
  const { builder } = site.machine;
  const x = lift(site, data, "the data of tensor");
  const fallback =
    x.v.type.dtype === "bool" ? "bool" : x.weak || data.kind === "array" ? "f32" : x.v.type.dtype;
  const target = dtype ?? fallback;
  const v =
    constant !== null && isFloat(target)
      ? constantVar(site, constant, target)
      : builder.cast(varOf(site, x), target);
  return tensorOf(site, shape === null ? v : builder.reshape(v, shape));
};

/** A number stays what it is, static or weak; anything else becomes a staged array. */
const liftIntrinsic: Intrinsic = (site, args) => {
  const value = args[0] ?? UNDEFINED;
  if (isStatic(value) && isLeaf(value)) return value;
  return lift(site, value, "the argument");
};

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  grad: gradLike("grad"),
  valueAndGrad: gradLike("valueAndGrad"),
  jacfwd: gradLike("jacfwd"),
  jacrev: gradLike("jacrev"),
  // d/dx by forward mode of the gradient by reverse mode
  hessian: (site, args) =>
    gradLike("jacfwd", "hessian")(site, [gradLike("jacrev", "hessian")(site, args), ...args.slice(1)]),
  jit: (site, args) => transformed(site, args, { kind: "jit" }),
  vmap: (site, args) => {
    checkOptions(site, args, "vmap", ["inAxes", "outAxes"]);
    return transformed(site, args, {
      kind: "vmap",
      inAxes: readOption<AxesSpec>(site, args, "inAxes", 0),
      outAxes: readOption<AxesSpec>(site, args, "outAxes", 0),
    });
  },
  // A library function made in compiled code, such as the methods of an optimizer, is the function itself.
  library: (_, args) => args[1] ?? UNDEFINED,
  jvp: jvpCall,
  vjp: vjpCall,
  linearize: linearizeCall,
  customJvp: (site, [fn = UNDEFINED, rule = UNDEFINED]) =>
    builtin("customJvp", (args, at) => customJvpCall({ ...at, node: site.node }, [fn, rule, ...args])),
  customVjp: (site, [fn = UNDEFINED, fwd = UNDEFINED, bwd = UNDEFINED]) =>
    builtin("customVjp", (args, at) => customVjpCall({ ...at, node: site.node }, [fn, fwd, bwd, ...args])),
  customJvpCall,
  customVjpCall,
  checkpoint: (site, args) => {
    checkOptions(site, args, "checkpoint", ["policy"]);
    return checkpointOf(
      site,
      args[0] ?? UNDEFINED,
      readOption<unknown>(site, args, "policy", "nothingSaveable"),
    );
  },
  checkpointCall,
  checkpointName: checkpointNameOf,
  evaluateKept: evaluateKeptCall,
  applyKept: applyKeptCall,
  stopGradient: (site, args) =>
    mapLeaves(site, args[0] ?? UNDEFINED, (leaf) => {
      if (leaf.kind !== "tensor" || !isFloat(leaf.v.type.dtype)) return leaf;
      return derived(site, [leaf], site.machine.builder.stopGradient(varOf(site, leaf)), leaf.weak);
    }),
  tensor: tensorIntrinsic,
  lift: liftIntrinsic,
  promote: (site, args) => {
    const { vars, weak } = promote(site, args, "any", "the operands");
    return arrayOf(vars.map((v) => derived(site, args, v, weak)));
  },
  isLeaf: (_, args) => staticValue(isLeaf(args[0] ?? UNDEFINED)),
};

const PRIMITIVE = "prim.";

/** Calls an intrinsic by its registered id. */
export const callIntrinsic = (site: Site, id: string, args: readonly Value[]): Value => {
  if (id.startsWith(PRIMITIVE)) return callPrimitive(site, id.slice(PRIMITIVE.length), args);
  const intrinsic = Object.hasOwn(INTRINSICS, id) ? INTRINSICS[id] : undefined;
  return intrinsic === undefined
    ? refuse(site, "TSJ1041", `\`${id}\` is not available inside compiled code`)
    : intrinsic(site, args);
};
