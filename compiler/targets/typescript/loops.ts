/** `for` and `while`. */
import { internal } from "../../diagnostics.js";
import { forOperands, whileOperands } from "../../ir/control.js";
import { nameOf } from "../../ir/names.js";
import type { ControlEqn, Eqn, IrFunction, Var } from "../../ir/types.js";
import { advance, type Carry, closeCarries, destinies, openCarries } from "./carries.js";
import { binary, bool, type Expr, name as nameExpr, negation, num, type Stmt } from "./code.js";
import {
  consume,
  type Emitter,
  emit,
  type Frame,
  inBlock,
  type ScalarValue,
  scalarOf,
  usesIn,
  valueFor,
} from "./emitter.js";
import { newScalar } from "./equations.js";
import { difference, sum } from "./integers.js";
import { type EmitBody, enterRegion, type Given } from "./regions.js";

type For = ControlEqn & { readonly op: "for" };
type While = ControlEqn & { readonly op: "while" };

const COUNTERS = ["i", "j", "k", "l", "m", "n"];

const definitionsOf = (fn: IrFunction): ReadonlyMap<Var, Eqn> =>
  new Map(fn.body.flatMap((eqn) => eqn.outs.map((v) => [v, eqn] as const)));

const constantOf = (defs: ReadonlyMap<Var, Eqn>, v: Var | undefined): number | null => {
  const eqn = v === undefined ? undefined : defs.get(v);
  return eqn?.op === "const" ? eqn.params.value : null;
};

/** How a loop counts: the user's variable runs from `first`, up or down, and is `shift` more than the iteration's (or the last one's less it). */
interface Count {
  readonly down: boolean;
  readonly shift: number;
  readonly name: string | null;
}

/** `last - i`, where `last` is the number of the last iteration. */
const reversedIn = (eqn: For): readonly Var[] => {
  const { body, trip } = eqn.params;
  const [i, ...params] = body.params;
  const defs = definitionsOf(body);
  const counts = trip === null ? params.filter((_, k) => eqn.inputs[k + 1] === eqn.inputs[0]) : [];
  const isLast = (v: Var | undefined): boolean => {
    if (trip !== null) return constantOf(defs, v) === trip - 1;
    const by = v === undefined ? undefined : defs.get(v);
    const [of, one] = by?.inputs ?? [];
    return by?.op === "sub" && of !== undefined && counts.includes(of) && constantOf(defs, one) === 1;
  };
  return body.body.flatMap((e) => {
    const [last, of] = e.inputs;
    return e.op === "sub" && of === i && isLast(last) ? e.outs : [];
  });
};

/** The user's own counter: what they call it, and how much more it is. */
const countOf = (eqn: For): Count => {
  const { body } = eqn.params;
  const [i] = body.params;
  const defs = definitionsOf(body);
  const reversed = reversedIn(eqn);
  const bases: readonly (Var | undefined)[] = reversed.length > 0 ? reversed : [i];
  const down = reversed.length > 0;
  const shifted = body.body.flatMap((e): readonly Count[] => {
    const [x, c] = e.inputs;
    const by = e.op === "add" && bases.includes(x) ? constantOf(defs, c) : null;
    const [out] = e.outs;
    const name = out === undefined ? null : nameOf(out);
    return by === null || out?.type.dtype !== "i32" || !Number.isInteger(by)
      ? []
      : [{ down, shift: by, name }];
  });
  const named = shifted.find((s) => s.name !== null);
  if (named !== undefined) return named;
  const own = bases.map((v) => (v === undefined ? null : nameOf(v))).find((n) => n !== null) ?? null;
  const casts = body.body.flatMap((e) => {
    const [out] = e.outs;
    const [x] = e.inputs;
    return e.op === "cast" && bases.includes(x) && out !== undefined ? (nameOf(out) ?? []) : [];
  });
  return { down, shift: 0, name: own ?? casts[0] ?? null };
};

export const emitFor = (e: Emitter, frame: Frame, eqn: For, body: EmitBody): undefined => {
  const { trip, consts, carries: inits } = forOperands(eqn.inputs, eqn.params);
  const region = eqn.params.body;
  const ranges = frame.ranges.control(eqn).params[0] ?? [];
  const total = trip === null ? num(eqn.params.trip ?? 0) : consumeTrip(e, frame, trip);
  const first = 1 + consts.length;
  const carries = openCarries(e, frame, { consts, carries: inits }, { region, first }, eqn.outs, new Set());
  const given: readonly Given[] = [
    ...consts.map((v): Given => ({ value: valueFor(frame, v), owned: false })),
    ...carries.map((c): Given => ({ value: c.value, owned: true })),
  ];
  const count = countOf(eqn);
  const usesCounter = (usesIn(region).get(region.params[0] ?? internal("a for without a counter")) ?? 0) > 0;
  const { statements, result: counter } = inBlock(e, () => {
    const wanted = count.name ?? COUNTERS.find((x) => !e.block.names.has(x)) ?? "i";
    const name = e.block.names.fresh(
      usesCounter ? wanted : (COUNTERS.find((x) => !e.block.names.has(x)) ?? wanted),
    );
    const i = nameExpr(name);
    // k = i - shift, or last - (i - shift)
    const plain = difference(i, num(count.shift));
    const own = count.down ? difference(difference(total, num(1)), plain) : plain;
    runBody(e, region, ranges, given, carries, first, body, (inner) => {
      const [k] = region.params;
      if (k !== undefined) inner.env.set(k, newScalar(inner, k, own, new Set()));
      for (const v of reversedIn(eqn)) inner.preset.set(v, plain);
    });
    return name;
  });
  const i = nameExpr(counter);
  const low = num(count.shift);
  const high = sum(total, low);
  emit(
    e,
    count.down
      ? {
          kind: "for",
          start: [[counter, difference(high, num(1))]],
          test: binary(">=", i, low),
          step: `${counter}--`,
          body: statements,
        }
      : {
          kind: "for",
          start: [[counter, low]],
          test: binary("<", i, high),
          step: `${counter}++`,
          body: statements,
        },
  );
  closeCarries(e, frame, carries);
};

/** A trip count is evaluated before each iteration: it is a name or a number. */
const consumeTrip = (e: Emitter, frame: Frame, trip: Var): Expr => {
  const value = consume(e, scalarOf(frame, trip));
  if (value.expr.kind !== "number") keepName(e, value);
  return value.expr;
};
const keepName = (e: Emitter, value: ScalarValue): undefined => {
  if (value.expr.kind === "name" && value.reads.size === 0) return;
  if (value.expr.kind === "name") return;
  nameCount(e, value);
};
const nameCount = (e: Emitter, value: ScalarValue): undefined => {
  const name = e.block.names.fresh(value.name ?? "count");
  emit(e, { kind: "declare", variable: { name, type: null, reassigned: false }, value: value.expr });
  value.expr = nameExpr(name);
  value.reads = new Set();
};

/** The equations of an iteration, and the assignments at its end. */
const runBody = (
  e: Emitter,
  region: IrFunction,
  ranges: Parameters<typeof enterRegion>[2],
  given: readonly Given[],
  carries: readonly Carry[],
  first: number,
  body: EmitBody,
  prepare: (inner: Frame) => void,
  skip: ReadonlySet<number> = new Set(),
  later: ReadonlySet<number> = new Set(),
): Frame => {
  const counted = first - (given.length - carries.length);
  const all = [...Array.from({ length: counted }, () => null), ...given];
  const inner = enterRegion(e, region, ranges, all, (paramOf) =>
    destinies(carries, region, first, paramOf, skip),
  );
  prepare(inner);
  body(e, inner);
  advance(e, inner, carries, skip, later);
  return inner;
};

/** A carry that counts iterations: it starts with a number and each iteration adds the same to it. */
interface Counter {
  readonly k: number;
  readonly start: number;
  readonly step: number;
  readonly param: Var;
}

const countersOf = (frame: Frame, eqn: While): readonly Counter[] => {
  const { consts, carries } = whileOperands(eqn.inputs, eqn.params);
  const { body } = eqn.params;
  const defs = definitionsOf(body);
  return carries.flatMap((init, k): readonly Counter[] => {
    const param = body.params[consts.length + k];
    const result = body.results[k];
    const by = result === undefined ? undefined : defs.get(result);
    const start = valueFor(frame, init);
    if (by?.op !== "add" || param === undefined || by.inputs[0] !== param) return [];
    const step = constantOf(defs, by.inputs[1]);
    if (step === null || start.kind !== "scalar" || start.expr.kind !== "number") return [];
    return [{ k, start: start.expr.value, step, param }];
  });
};

/** A flag that ends the loop: false at first, and the loop goes on while it is. */
const flagsOf = (frame: Frame, eqn: While): ReadonlySet<number> => {
  const { consts, carries } = whileOperands(eqn.inputs, eqn.params);
  const { cond, body } = eqn.params;
  const defs = definitionsOf(cond);
  const conjuncts = (v: Var | undefined): readonly Var[] => {
    const by = v === undefined ? undefined : defs.get(v);
    if (by?.op === "and") return by.inputs.flatMap(conjuncts);
    return v === undefined ? [] : [v];
  };
  const negated = new Set(
    conjuncts(cond.results[0]).flatMap((v) => {
      const by = defs.get(v);
      return by?.op === "not" ? by.inputs : [];
    }),
  );
  const bodyUses = usesIn(body);
  const condUses = usesIn(cond);
  return new Set(
    carries.flatMap((init, k): readonly number[] => {
      const param = cond.params[consts.length + k];
      const inBody = body.params[consts.length + k];
      const out = eqn.outs[k];
      const start = valueFor(frame, init);
      if (param === undefined || inBody === undefined || out === undefined) return [];
      if (!negated.has(param) || condUses.get(param) !== 1 || (bodyUses.get(inBody) ?? 0) > 0) return [];
      if ((frame.uses.get(out) ?? 0) > 0) return [];
      return start.kind === "scalar" && start.expr.kind === "boolean" && !start.expr.value ? [k] : [];
    }),
  );
};

export const emitWhile = (e: Emitter, frame: Frame, eqn: While, body: EmitBody): undefined => {
  const { consts, carries: inits } = whileOperands(eqn.inputs, eqn.params);
  const { cond, body: region } = eqn.params;
  const [condRanges = [], bodyRanges = []] = frame.ranges.control(eqn).params;
  const first = consts.length;
  const flags = flagsOf(frame, eqn);
  const counters = countersOf(frame, eqn);
  // a counter that counts as another one does is that one
  const twins = new Map<number, number>();
  for (const c of counters) {
    const twin = counters.find(
      (d) => d.k < c.k && d.start === c.start && d.step === c.step && !twins.has(d.k),
    );
    if (twin !== undefined) twins.set(c.k, twin.k);
  }
  const isUsed = (k: number): boolean => {
    const out = eqn.outs[k];
    const own = out !== undefined && (frame.uses.get(out) ?? 0) > 0;
    return own || [...twins].some(([twin, of]) => of === k && isUsed(twin));
  };
  const header = counters.filter((c) => !twins.has(c.k) && !isUsed(c.k) && Math.abs(c.step) === 1);
  const [counted] = header;
  const inHeader = new Set(counted === undefined ? [] : [counted.k]);
  const opened = openCarries(
    e,
    frame,
    { consts, carries: inits },
    { region, first },
    eqn.outs,
    new Set([...inHeader, ...flags, ...twins.keys()]),
  );
  const carries = opened.map((c): Carry => {
    const of = twins.get(c.k);
    if (of === undefined) return c;
    e.block.names.release(c.variable.name);
    const twin = opened.find((d) => d.k === of) ?? c;
    return { ...c, variable: twin.variable, value: { ...twin.value } };
  });
  const skip = new Set([...inHeader, ...flags, ...twins.keys()]);
  for (const c of carries) if (flags.has(c.k)) e.block.names.release(c.variable.name);
  const given: readonly Given[] = [
    ...consts.map((v): Given => ({ value: valueFor(frame, v), owned: false })),
    ...carries.map((c): Given => ({ value: c.value, owned: true })),
  ];
  const given0 = given.map((g, k): Given => {
    const flag = flags.has(k - first);
    return flag && g.value.kind === "scalar"
      ? { value: { ...g.value, expr: bool(false), reads: new Set() }, owned: false }
      : { ...g, owned: false };
  });
  let test: Expr = bool(true);
  const { statements } = inBlock(e, () => {
    const asked = enterRegion(e, cond, condRanges, given0, () => new Map());
    body(e, asked);
    const [holds] = cond.results;
    const value =
      holds === undefined ? internal("a while without a condition") : consume(e, scalarOf(asked, holds));
    const goesOn = withoutTrue(value.expr);
    if (e.block.statements.length === 0) test = goesOn;
    else if (goesOn.kind !== "boolean" || !goesOn.value)
      emit(e, { kind: "if", test: negation(goesOn), then: [{ kind: "break" }], otherwise: [] });
    const inner = runBody(e, region, bodyRanges, given, carries, first, body, () => {}, skip, flags);
    for (const k of flags) breakIf(e, inner, k);
  });
  const head = carries.find((c) => inHeader.has(c.k));
  if (head !== undefined && counted !== undefined)
    emit(e, {
      kind: "for",
      start: [[head.variable.name, num(counted.start)]],
      test,
      step: `${head.variable.name}${counted.step === 1 ? "++" : "--"}`,
      body: statements,
    });
  else emit(e, { kind: "while", test, body: statements });
  closeCarries(e, frame, carries);
};

/** Leaves the loop where its flag is set. */
const breakIf = (e: Emitter, inner: Frame, k: number): undefined => {
  const result = inner.fn.results[k];
  if (result === undefined) return;
  const value = valueFor(inner, result);
  if (value.kind !== "scalar") return;
  const { expr } = consume(e, value);
  if (expr.kind === "boolean" && !expr.value) return;
  const leave: Stmt = { kind: "break" };
  emit(e, expr.kind === "boolean" ? leave : { kind: "if", test: expr, then: [leave], otherwise: [] });
};

/** Without what is known to hold. */
const withoutTrue = (x: Expr): Expr => {
  if (x.kind === "unary" && x.op === "!" && x.x.kind === "boolean") return bool(!x.x.value);
  if (x.kind !== "binary" || x.op !== "&&") return x;
  const [a, b] = [withoutTrue(x.x), withoutTrue(x.y)];
  if (a.kind === "boolean" && a.value) return b;
  if (b.kind === "boolean" && b.value) return a;
  return binary("&&", a, b);
};
