/**
 * Replaces the elementwise ops that no machine has by straight-line machine ops, so that scalar and vector code of every
 * target come from one source. Nothing branches: both sides of a choice are computed and one is selected.
 *
 * Floats: within 2 ULP of the exact result over the whole range in f32 and f64, with ECMAScript's special cases.
 */
import { internal } from "../../diagnostics.js";
import type { ElementwiseOp } from "../../ir/types.js";
import { dropUnused } from "../drop-unused.js";
import { isMachineOp } from "../machine.js";
import type { Address, Carry, Kernel, OpStmt, RegType, Stmt, ValueId } from "../types.js";
import { nextRegister } from "../walk.js";
import { cbrt } from "./cbrt.js";
import { createEmitter, type Emitter, type Value } from "./emit.js";
import { erf, erfc, gelu, ndtr } from "./error-function.js";
import { cosh, exp, exp2, expm1, sinh, tanh } from "./exp.js";
import { isFloatType } from "./format.js";
import { acosh, asinh, atanh } from "./inverse-hyperbolic.js";
import { acos, asin, atan, atan2 } from "./inverse-trig.js";
import { lgamma } from "./lgamma.js";
import { log, log1p, log2, log10 } from "./log.js";
import { pow } from "./pow.js";
import { floatRemainder } from "./remainder.js";
import { round, sign, toInt32 } from "./rounding.js";
import { sigmoid } from "./sigmoid.js";
import { threefry } from "./threefry.js";
import { cos, sin, tan } from "./trig.js";

/**
 * The value that stands for the statement's, or null: the statement is a machine op as it is.
 * `known` gives the number that a value always is, or null.
 */
type Expansion = (
  m: Emitter,
  args: readonly Value[],
  stmt: OpStmt,
  known: (v: Value) => number | null,
) => Value | null;

const operand = (args: readonly Value[], k: number, stmt: OpStmt): Value =>
  args[k] ?? internal(`${stmt.op} lacks operand ${k}`);

const requireFloat = (x: Value, stmt: OpStmt): Value =>
  isFloatType(x.type) ? x : internal(`${stmt.op} is not defined for ${x.type}`);

const machine: Expansion = () => null;

const unaryFloat =
  (f: (m: Emitter, x: Value) => Value): Expansion =>
  (m, args, stmt) =>
    f(m, requireFloat(operand(args, 0, stmt), stmt));

const binaryFloat =
  (f: (m: Emitter, x: Value, y: Value) => Value): Expansion =>
  (m, args, stmt) =>
    f(m, requireFloat(operand(args, 0, stmt), stmt), operand(args, 1, stmt));

const same: Expansion = (_m, args, stmt) => operand(args, 0, stmt);

const EXPANSIONS: Readonly<Record<ElementwiseOp, Expansion>> = {
  neg: machine,
  abs: machine,
  sign: (m, args, stmt) => sign(m, operand(args, 0, stmt)),
  floor: machine,
  ceil: machine,
  trunc: machine,
  round: unaryFloat(round),
  rint: unaryFloat((m, x) => m.nearest(x)),
  sqrt: machine,
  cbrt: unaryFloat(cbrt),
  exp: unaryFloat(exp),
  exp2: unaryFloat(exp2),
  expm1: unaryFloat(expm1),
  log: unaryFloat(log),
  log1p: unaryFloat(log1p),
  log2: unaryFloat(log2),
  log10: unaryFloat(log10),
  sin: unaryFloat(sin),
  cos: unaryFloat(cos),
  tan: unaryFloat(tan),
  asin: unaryFloat(asin),
  acos: unaryFloat(acos),
  atan: unaryFloat(atan),
  sinh: unaryFloat(sinh),
  cosh: unaryFloat(cosh),
  tanh: unaryFloat(tanh),
  asinh: unaryFloat(asinh),
  acosh: unaryFloat(acosh),
  atanh: unaryFloat(atanh),
  erf: unaryFloat(erf),
  erfc: unaryFloat(erfc),
  ndtr: unaryFloat(ndtr),
  gelu: unaryFloat(gelu),
  sigmoid: unaryFloat(sigmoid),
  lgamma: unaryFloat(lgamma),
  not: machine,
  clz32: machine,
  toInt32: (m, args, stmt) => toInt32(m, operand(args, 0, stmt)),
  stopGradient: same,
  barrier: same,

  add: machine,
  sub: machine,
  mul: machine,
  div: machine,
  // the machine's is of integers
  rem: (m, args, stmt, known) => {
    const [x, y] = [operand(args, 0, stmt), operand(args, 1, stmt)];
    return isFloatType(x.type) ? floatRemainder(m, x, y, known(y)) : null;
  },
  pow: binaryFloat(pow),
  atan2: binaryFloat(atan2),
  min: machine,
  max: machine,
  and: machine,
  or: machine,
  xor: machine,
  shl: machine,
  // of unsigned integers it is the logical one
  shr: (m, args, stmt) => {
    const x = operand(args, 0, stmt);
    return x.type === "u32" ? m.op("ushr", "u32", x, operand(args, 1, stmt)) : null;
  },
  ushr: machine,
  eq: machine,
  ne: machine,
  lt: machine,
  le: machine,
  gt: machine,
  ge: machine,

  select: machine,
  cast: (m, args, stmt) => m.convert(operand(args, 0, stmt), stmt.type),
  bitcast: machine,
  threefry: (m, args, stmt) => {
    const [k0, k1, c0, c1] = [0, 1, 2, 3].map((k) => operand(args, k, stmt));
    if (k0 === undefined || k1 === undefined || c0 === undefined || c1 === undefined)
      return internal("threefry takes four operands");
    return threefry(m, k0, k1, c0, c1)[stmt.lane ?? internal("threefry names no output word")];
  },
};

const isElementwise = (op: OpStmt["op"]): op is ElementwiseOp => op in EXPANSIONS;

/** What one walk over a kernel keeps. */
interface Expander {
  readonly types: Map<ValueId, RegType>;
  readonly constants: Map<ValueId, number>;
  /** Values that others now stand for. */
  readonly alias: Map<ValueId, ValueId>;
  readonly fresh: () => ValueId;
}

const expandBody = (x: Expander, body: readonly Stmt[]): readonly Stmt[] => {
  const out: Stmt[] = [];
  const push = (s: Stmt): void => {
    if ("id" in s) x.types.set(s.id, s.kind === "axis" ? "i32" : s.type);
    if (s.kind === "const") x.constants.set(s.id, Number(s.value));
    out.push(s);
  };
  const m = createEmitter(push, x.fresh);
  const named = (id: ValueId): ValueId => x.alias.get(id) ?? id;
  const known = (v: Value): number | null => x.constants.get(v.id) ?? null;
  const address = (at: Address): Address =>
    at.dynamic === null ? at : { ...at, dynamic: named(at.dynamic) };
  const register = (id: ValueId): Value => ({
    id,
    type: x.types.get(id) ?? internal(`kernel value ${id} is used before it is defined`),
  });

  for (const s of body) {
    switch (s.kind) {
      case "const":
      case "axis":
      case "tape":
        push(s);
        break;
      case "op": {
        const args = s.args.map(named);
        const result = isElementwise(s.op) ? EXPANSIONS[s.op](m, args.map(register), s, known) : null;
        if (result !== null) x.alias.set(s.id, result.id);
        else if (isMachineOp(s.op)) push({ ...s, args });
        else internal(`${s.op} has no machine form`);
        break;
      }
      case "load":
        push({ ...s, at: address(s.at) });
        break;
      case "store":
        push({ ...s, at: address(s.at), value: named(s.value) });
        break;
      case "row":
        push({ ...s, index: named(s.index) });
        break;
      case "check":
        push({
          ...s,
          cond: named(s.cond),
          detail: s.detail === null ? null : named(s.detail),
          values: s.values.map(named),
        });
        break;
      case "loop": {
        const inits = s.carries.map((c): Carry => ({ ...c, init: named(c.init) }));
        for (const c of inits) if (c.kind === "recur") x.types.set(c.param, c.type);
        const inner = expandBody(x, s.body);
        const carries = inits.map(
          (c): Carry =>
            c.kind === "reduce" ? { ...c, value: named(c.value) } : { ...c, next: named(c.next) },
        );
        for (const c of carries) x.types.set(c.result, c.type);
        const { extent } = s;
        push({
          ...s,
          extent: typeof extent === "number" ? extent : { ...extent, value: named(extent.value) },
          carries,
          body: inner,
        });
        break;
      }
      case "if": {
        const [then, other] = [expandBody(x, s.then), expandBody(x, s.else)];
        const results = s.results.map((r) => ({ ...r, then: named(r.then), else: named(r.else) }));
        for (const r of results) x.types.set(r.id, r.type);
        out.push({ ...s, cond: named(s.cond), then, else: other, results });
        break;
      }
      case "while": {
        const inits = s.carries.map((c) => named(c.init));
        for (const c of s.carries) x.types.set(c.param, c.type).set(c.result, c.type);
        const [test, inner] = [expandBody(x, s.test), expandBody(x, s.body)];
        const carries = s.carries.map((c, k) => ({ ...c, init: inits[k] ?? c.init, next: named(c.next) }));
        out.push({ ...s, carries, test, cond: named(s.cond), body: inner });
        break;
      }
      default: {
        const never: never = s;
        return internal(`unexpected statement ${JSON.stringify(never)}`);
      }
    }
  }
  return out;
};

/** The same kernel with machine ops alone. New values have ids that the kernel does not use. */
export const expandMath = (kernel: Kernel): Kernel => {
  const body = kernel.kind === "matmul" ? kernel.epilogue : kernel.body;
  let next = Math.max(nextRegister(body), kernel.kind === "matmul" ? kernel.acc + 1 : 0);
  const expander: Expander = {
    types: new Map(),
    constants: new Map(),
    alias: new Map(),
    fresh: () => next++,
  };
  if (kernel.kind === "loops") return { ...kernel, body: dropUnused(expandBody(expander, body)) };
  expander.types.set(kernel.acc, kernel.dtype);
  return { ...kernel, epilogue: dropUnused(expandBody(expander, body)) };
};
