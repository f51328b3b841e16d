/** Conditions that are cheaper to decide by a select than by a branch. */
import {
  type AnyOp,
  type ControlEqn,
  type Eqn,
  type IrFunction,
  isControl,
  isFloat,
  isInt,
  sizeOf,
} from "../../ir/types.js";

/** Operations of both sides together up to which both are computed. */
const MOST = 6;

const FREE: ReadonlySet<AnyOp> = new Set<AnyOp>(["const", "reshape", "broadcast", "stopGradient", "bitcast"]);
const CHEAP: ReadonlySet<AnyOp> = new Set<AnyOp>([
  ...([
    "neg",
    "abs",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "not",
    "add",
    "sub",
    "mul",
    "min",
    "max",
    "select",
  ] as const),
  ...(["and", "or", "xor", "shl", "shr", "ushr", "eq", "ne", "lt", "le", "gt", "ge", "cast"] as const),
]);

/** What one equation costs; infinite where it may fail, reads memory or is dear. */
const costOf = (eqn: Eqn): number => {
  if (isControl(eqn) || sizeOf(eqn.outs[0].type.shape) !== 1) return Number.POSITIVE_INFINITY;
  if (eqn.inputs.some((v) => sizeOf(v.type.shape) !== 1)) return Number.POSITIVE_INFINITY;
  if (FREE.has(eqn.op)) return 0;
  if (!CHEAP.has(eqn.op)) return Number.POSITIVE_INFINITY;
  const [x] = eqn.inputs;
  const checked = eqn.op === "cast" && x !== undefined && isFloat(x.type.dtype) && isInt(eqn.params.dtype);
  return checked ? Number.POSITIVE_INFINITY : 1;
};

export const isCheapChoice = ({ outs, params }: Extract<ControlEqn, { op: "if" }>): boolean => {
  if (outs.some((v) => sizeOf(v.type.shape) !== 1)) return false;
  const cost = (fn: IrFunction): number => fn.body.reduce((sum, eqn) => sum + costOf(eqn), 0);
  return cost(params.then) + cost(params.else) <= MOST;
};
