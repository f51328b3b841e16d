/**
 * Elements that a loop reads and writes in every iteration are held in registers: `c[i] += a[k]` becomes a carry, which may
 * be a sum. Only where no other access of the loop can meet the element, and the loop surely runs.
 */
import type { DType } from "../../ir/types.js";
import type { Address, BufferId, Carry, LoadStmt, LoopStmt, Stmt, StoreStmt, ValueId } from "../types.js";
import { innerStmts } from "../walk.js";
import { anyStmt, type LoopFacts, loopFacts, mayMeet, sameAddress } from "./dependence.js";
import type { Writer } from "./writer.js";

export interface PromoteContext {
  readonly typeOf: (buffer: BufferId) => DType;
  /** Does the address always lie in its buffer? */
  readonly inside: (buffer: BufferId, at: Address) => boolean;
}

/** The statements for the loop, itself among them. */
export const promoteElements = (
  loop: LoopStmt,
  { typeOf, inside }: PromoteContext,
  w: Writer,
): readonly Stmt[] => {
  if (typeof loop.extent !== "number") return [loop];
  const stores = loop.body.filter((s): s is StoreStmt => s.kind === "store" && s.mode === "set");
  if (stores.length === 0) return [loop];
  const facts = loopFacts(loop);
  const checked = anyStmt(loop.body, (s) => s.kind === "check");
  const done: StoreStmt[] = [];
  let result: readonly Stmt[] = [loop];
  for (const store of stores) {
    if (done.some((d) => d.buffer === store.buffer && sameAddress(d.at, store.at))) continue;
    done.push(store);
    // a check in the loop may be what keeps the address in the array
    if (checked && !inside(store.buffer, store.at)) continue;
    if (!isFixed(loop, facts, store) || !isAlone(loop, facts, store)) continue;
    result = result.flatMap((s) =>
      s.kind === "loop" && s.axis === loop.axis ? hold(s, store, typeOf(store.buffer), w) : [s],
    );
  }
  return result;
};

/** Is the element the same in every iteration, and read before it is written? */
const isFixed = (loop: LoopStmt, facts: LoopFacts, { buffer, at }: StoreStmt): boolean => {
  if (at.dynamic !== null && facts.defined.has(at.dynamic)) return false;
  if (at.terms.some((t) => (t.axis === loop.axis && t.stride !== 0) || facts.inner.has(t.axis))) return false;
  const touches = (s: Stmt): boolean =>
    (s.kind === "load" || s.kind === "store") && s.buffer === buffer && sameAddress(s.at, at);
  // what stands in inner lists is left as it is
  return (
    loop.body.find(touches)?.kind === "load" &&
    !loop.body.some((s) => innerStmts(s).some((list) => anyStmt(list, touches)))
  );
};

/** Does no other access of the loop meet the element? */
const isAlone = (loop: LoopStmt, facts: LoopFacts, { buffer, at }: StoreStmt): boolean => {
  const own = { buffer, at, writes: true };
  return facts.accesses.every((x) => sameAddress(x.at, at) || !mayMeet(loop, facts, own, x, true));
};

const hold = (loop: LoopStmt, store: StoreStmt, type: DType, w: Writer): readonly Stmt[] => {
  const { buffer, at } = store;
  const [init, param, result] = [w.fresh(), w.fresh(), w.fresh()];
  const names = new Map<ValueId, ValueId>();
  let current = param;
  const body: Stmt[] = [];
  for (const s of loop.body) {
    const here = (s.kind === "load" || s.kind === "store") && s.buffer === buffer && sameAddress(s.at, at);
    if (here && s.kind === "load") names.set(s.id, current);
    else if (here && s.kind === "store") current = names.get(s.value) ?? s.value;
    else body.push(renamed(s, names));
  }
  const carries = loop.carries.map((c): Carry => {
    const named = (v: ValueId): ValueId => names.get(v) ?? v;
    return c.kind === "reduce" ? { ...c, value: named(c.value) } : { ...c, next: named(c.next) };
  });
  const own: Carry = { kind: "recur", type, init, param, next: current, result };
  const load: LoadStmt = { kind: "load", id: init, buffer, at, type };
  return [
    load,
    { ...loop, carries: [...carries, own], body },
    { kind: "store", buffer, at, value: result, mode: "set" },
  ];
};

/** The statement with the registers it reads renamed. */
export const renamed = (s: Stmt, names: ReadonlyMap<ValueId, ValueId>): Stmt => {
  if (names.size === 0) return s;
  const named = (v: ValueId): ValueId => names.get(v) ?? v;
  const maybe = (v: ValueId | null): ValueId | null => (v === null ? null : named(v));
  const list = (body: readonly Stmt[]): readonly Stmt[] => body.map((x) => renamed(x, names));
  const carry = <C extends Carry>(c: C): C =>
    c.kind === "reduce"
      ? { ...c, init: named(c.init), value: named(c.value) }
      : { ...c, init: named(c.init), next: named(c.next) };
  switch (s.kind) {
    case "const":
    case "axis":
    case "tape":
      return s;
    case "op":
      return { ...s, args: s.args.map(named) };
    case "load":
      return { ...s, at: { ...s.at, dynamic: maybe(s.at.dynamic) } };
    case "store":
      return { ...s, at: { ...s.at, dynamic: maybe(s.at.dynamic) }, value: named(s.value) };
    case "row":
      return { ...s, index: named(s.index) };
    case "check":
      return { ...s, cond: named(s.cond), detail: maybe(s.detail), values: s.values.map(named) };
    case "loop": {
      const extent = typeof s.extent === "number" ? s.extent : { ...s.extent, value: named(s.extent.value) };
      return { ...s, extent, carries: s.carries.map(carry), body: list(s.body) };
    }
    case "if":
      return {
        ...s,
        cond: named(s.cond),
        then: list(s.then),
        else: list(s.else),
        results: s.results.map((r) => ({ ...r, then: named(r.then), else: named(r.else) })),
      };
    case "while":
      return {
        ...s,
        carries: s.carries.map(carry),
        test: list(s.test),
        cond: named(s.cond),
        body: list(s.body),
      };
  }
};
