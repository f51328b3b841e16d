/**
 * The writer of loop nests. Every pure statement is numbered by its content and placed in the outermost open loop in
 * which its operands are known, so that loop-invariant work leaves the loop and nothing is computed twice.
 */
import { internal } from "../../diagnostics.js";
import type { DType } from "../../ir/types.js";
import type {
  Address,
  AxisId,
  BufferId,
  Carry,
  DynamicExtent,
  KernelOp,
  RegType,
  Stmt,
  StoreStmt,
  ValueId,
} from "../types.js";
import { createFlow, type FlowEmitter } from "./flow.js";
import { affineDivMod, constantOf, constIndex, type Index, valueIndex } from "./index-expr.js";
import { indexOfOp } from "./index-ops.js";
import { type Sum, spread, sumOfOp } from "./index-sums.js";

/**
 * - `loop`: runs at least once, and nothing in it is written that it reads: loads and checks may leave it
 * - `for`, `test`: a loop of control flow, of which only arithmetic leaves
 * - `body`: of a `while`, inside its `test`; what the test knows stays in the body, other arithmetic leaves both
 * - `branch`: nothing leaves it
 */
type ScopeKind = "root" | "loop" | "for" | "test" | "body" | "branch";

interface Scope {
  readonly kind: ScopeKind;
  readonly axis: AxisId | null;
  readonly extent: number | DynamicExtent;
  readonly body: Stmt[];
  /** Content or (value, point) to register, for what this scope's body defines. */
  readonly known: Map<string, ValueId>;
}

export interface Emitter {
  /** Opens a loop of independent iterations, or of a reduction, and gives its axis. */
  readonly openLoop: (extent: number) => AxisId;
  readonly flow: FlowEmitter;
  /** Ends the innermost loop; the carries' results become visible outside. */
  readonly closeLoop: (carries: readonly Carry[], parallel: boolean) => void;
  /** An axis that no loop of this body runs over (a product's epilogue). */
  readonly outerAxis: (extent: number) => AxisId;
  readonly extentOf: (axis: AxisId) => number;

  readonly constant: (type: RegType, value: number) => ValueId;
  readonly op: (op: KernelOp, type: RegType, args: readonly ValueId[], lane?: 0 | 1) => ValueId;
  readonly load: (buffer: BufferId, at: Index, type: DType) => ValueId;
  readonly store: (buffer: BufferId, at: Index, value: ValueId, mode?: StoreStmt["mode"]) => void;
  /** Makes a tape's row exist. */
  readonly row: (buffer: BufferId, i: Index) => void;
  /** Takes all rows from a tape (`from` is null), or makes it a copy of another. */
  readonly tape: (buffer: BufferId, from: BufferId | null) => void;
  readonly check: (cond: ValueId, error: number, detail: ValueId | null, values?: readonly ValueId[]) => void;
  /** A register that a statement outside this emitter's control defines in the innermost scope. */
  readonly fresh: () => ValueId;

  /** An index as an i32. */
  readonly indexValue: (i: Index) => ValueId;
  /** An i32 register as an index, affine where it was made from one; null bounds where nothing is known. */
  readonly indexOf: (v: ValueId) => Index | null;
  readonly divMod: (i: Index, n: number) => readonly [Index, Index];
  readonly affineDivMod: (i: Index, n: number) => readonly [Index, Index] | null;
  /** The index forced into [lo, hi]. */
  readonly clamp: (i: Index, lo: number, hi: number) => Index;

  /** The number a register always holds, or null. */
  readonly constantOf: (v: ValueId) => number | null;
  readonly recall: (key: string) => ValueId | null;
  readonly remember: (key: string, v: ValueId) => void;
  /** Everything written, once all loops are closed. */
  readonly finish: () => readonly Stmt[];
}

export const createEmitter = (): Emitter => {
  const root: Scope = { kind: "root", axis: null, extent: 1, body: [], known: new Map() };
  const scopes: Scope[] = [root];
  const depths: number[] = [];
  const axisDepth = new Map<AxisId, number>();
  const extents: number[] = [];
  const constants = new Map<ValueId, number>();
  const indices = new Map<ValueId, Index>();
  const sums = new Map<ValueId, Sum>();
  /** Stores so far: a load before one says nothing about a load after it. */
  const versions = new Map<BufferId, number>();
  let stores = 0;
  const emptied = new Map<BufferId, number>();
  const newVersion = (buffer: BufferId): void => void versions.set(buffer, ++stores);

  const scopeAt = (depth: number): Scope => scopes[depth] ?? internal(`no open loop at depth ${depth}`);
  const define = (depth: number): ValueId => depths.push(depth) - 1;
  const depthOf = (v: ValueId): number => depths[v] ?? internal(`register ${v} is not defined`);
  const depthOfAxis = (a: AxisId): number => axisDepth.get(a) ?? internal(`axis ${a} is not open`);
  const extentOf = (a: AxisId): number => extents[a] ?? internal(`axis ${a} is not open`);

  /** The outermost open scope that a statement may stand in whose operands are known at depth `from`. */
  const placeFrom = (from: number, effect: boolean): number => {
    let depth = scopes.length - 1;
    while (depth > from) {
      const { kind } = scopeAt(depth);
      if (kind === "branch" || (effect && kind !== "loop")) break;
      if (kind === "body") {
        if (from >= depth - 1) break;
        depth -= 2;
      } else depth -= 1;
    }
    return depth;
  };
  /** What is known under `key` in the open scopes from `depth` on. */
  const lookUp = (key: string, depth: number): ValueId | undefined => {
    for (let d = scopes.length - 1; d >= depth; d--) {
      const v = scopeAt(d).known.get(key);
      if (v !== undefined) return v;
    }
    return undefined;
  };
  /** The innermost loop of control flow, which may write what it reads; loads from outside say nothing in it. */
  const flowDepth = (): number => {
    for (let d = scopes.length - 1; d > 0; d--) {
      const { kind } = scopeAt(d);
      if (kind === "for" || kind === "test") return d;
    }
    return 0;
  };

  /** One register per content: `make` writes the statement where its operands are first all known. */
  const numbered = (key: string, from: number, make: (id: ValueId) => Stmt): ValueId => {
    const known = lookUp(key, from);
    if (known !== undefined) return known;
    const depth = placeFrom(from, false);
    const id = define(depth);
    scopeAt(depth).body.push(make(id));
    scopeAt(depth).known.set(key, id);
    return id;
  };

  const constant = (type: RegType, value: number): ValueId => {
    const key = `c${type}${Object.is(value, -0) ? "-0" : String(value)}`;
    const known = root.known.get(key);
    if (known !== undefined) return known;
    const id = define(0);
    root.body.push({ kind: "const", id, type, value });
    root.known.set(key, id);
    constants.set(id, value);
    if (type === "i32") indices.set(id, constIndex(value));
    return id;
  };

  const op: Emitter["op"] = (name, type, args, lane) => {
    let depth = 0;
    for (const a of args) depth = Math.max(depth, depthOf(a));
    const key = `${name}${lane ?? ""}:${type}:${args.join(",")}`;
    const result = numbered(key, depth, (id) =>
      lane === undefined
        ? { kind: "op", id, op: name, args, type }
        : { kind: "op", id, op: name, args, type, lane },
    );
    if (type === "i32" && !indices.has(result)) {
      const index = indexOfOp(name, result, args.map(indexOf));
      if (index !== null) indices.set(result, index);
    }
    if (type === "i32" && !sums.has(result)) {
      const sum = sumOfOp(name, args, (v) => sums.get(v) ?? indices.get(v) ?? null);
      if (sum !== null) sums.set(result, sum);
    }
    return result;
  };
  const indexOf = (v: ValueId): Index | null => indices.get(v) ?? null;

  const depthOfIndex = (i: Index): number => {
    let depth = 0;
    for (const t of i.terms) depth = Math.max(depth, depthOfAxis(t.axis));
    for (const t of i.dynamic) depth = Math.max(depth, depthOf(t.value));
    return depth;
  };

  const scaled = (v: ValueId, stride: number): ValueId =>
    stride === 1 ? v : op("mul", "i32", [v, constant("i32", stride)]);
  const sumOf = (parts: readonly ValueId[]): ValueId | null => {
    let sum: ValueId | null = null;
    for (const p of parts) sum = sum === null ? p : op("add", "i32", [sum, p]);
    return sum;
  };

  const indexValue = (i: Index): ValueId => {
    const c = constantOf(i);
    if (c !== null) return constant("i32", c);
    // outer axes first, so that their sum leaves the inner loop
    const terms = [...i.terms].sort((s, t) => depthOfAxis(s.axis) - depthOfAxis(t.axis));
    const parts = i.dynamic.map((t) => scaled(t.value, t.stride));
    for (const t of terms) {
      const v = numbered(`x${t.axis}`, depthOfAxis(t.axis), (id) => ({ kind: "axis", id, axis: t.axis }));
      parts.push(scaled(v, t.stride));
    }
    const sum = sumOf(i.offset === 0 ? parts : [constant("i32", i.offset), ...parts]);
    const id = sum ?? constant("i32", 0);
    indices.set(id, i);
    return id;
  };

  const rangeOf = (v: ValueId): readonly [number, number] | null => {
    const i = indices.get(v);
    return i === undefined ? null : [i.lo, i.hi];
  };
  const bounded = (v: ValueId, lo: number, hi: number): Index => {
    const i = valueIndex(v, lo, hi);
    indices.set(v, i);
    return i;
  };

  const affine: Emitter["affineDivMod"] = (i, n) => affineDivMod(i, n, extentOf, rangeOf);
  const divMod: Emitter["divMod"] = (i, n) => {
    const exact = affine(i, n);
    if (exact !== null) return exact;
    const v = indexValue(i);
    const by = constant("i32", n);
    const hi = Math.floor(i.hi / n);
    return [bounded(op("div", "i32", [v, by]), 0, hi), bounded(op("rem", "i32", [v, by]), 0, n - 1)];
  };

  const clamp: Emitter["clamp"] = (i, lo, hi) => {
    if (lo === hi) return constIndex(lo);
    if (i.lo >= lo && i.hi <= hi) return i;
    let v = indexValue(i);
    if (i.lo < lo) v = op("max", "i32", [v, constant("i32", lo)]);
    if (i.hi > hi) v = op("min", "i32", [v, constant("i32", hi)]);
    return bounded(v, Math.max(lo, Math.min(i.lo, hi)), Math.min(hi, Math.max(i.hi, lo)));
  };

  /** What is computed before inner loops first, so that it leaves them; a loop's counter becomes a term of the address. */
  const address = (i: Index): Address => {
    const { offset, terms, dynamic } = spread(i, sums, depthOf);
    const parts = [...dynamic].sort((s, t) => depthOf(s.value) - depthOf(t.value));
    return { offset, terms, dynamic: sumOf(parts.map((t) => scaled(t.value, t.stride))) };
  };

  const loadKey = (buffer: BufferId, at: Index): string =>
    `l${buffer}.${versions.get(buffer) ?? 0}:${at.key}`;

  const openScope = (kind: ScopeKind, axis: AxisId | null, extent: number | DynamicExtent): Scope => {
    const scope: Scope = { kind, axis, extent, body: [], known: new Map() };
    scopes.push(scope);
    return scope;
  };
  const openAxis = (kind: "loop" | "for", most: number, extent: number | DynamicExtent): AxisId => {
    const axis = extents.push(most) - 1;
    axisDepth.set(axis, scopes.length);
    openScope(kind, axis, extent);
    return axis;
  };
  const openLoop = (extent: number): AxisId => openAxis("loop", extent, extent);
  const closeScope = (): Scope => {
    const scope = scopes.pop();
    return scope === undefined || scopes.length === 0 ? internal("no scope to close") : scope;
  };
  const write = (stmt: Stmt): void => void scopeAt(scopes.length - 1).body.push(stmt);
  const fresh = (): ValueId => define(scopes.length - 1);
  const flow = createFlow({
    openScope: (kind) => openScope(kind, null, 1).body,
    openFor: (most, extent) => openAxis("for", most, extent),
    closeScope: () => closeScope().body,
    write,
    fresh,
    countOf: ({ value }) => constants.get(value) ?? null,
    mostOf: ({ value }) => indexOf(value)?.hi ?? 2 ** 31 - 1,
    versions,
    newVersion,
  });

  return {
    openLoop,
    flow,
    closeLoop: (carries, parallel) => {
      const { kind, axis, extent, body } = closeScope();
      if (kind !== "loop" || axis === null) return internal("no loop to close");
      write({ kind: "loop", axis, extent, parallel, carries, body });
      for (const c of carries) depths[c.result] = scopes.length - 1;
    },
    outerAxis: (extent) => {
      const axis = extents.push(extent) - 1;
      axisDepth.set(axis, 0);
      return axis;
    },
    extentOf,
    constant,
    op,
    load: (buffer, at, type) => {
      const key = loadKey(buffer, at);
      const from = depthOfIndex(at);
      const known = lookUp(key, Math.max(from, flowDepth()));
      if (known !== undefined) return known;
      const where = address(at);
      const depth = placeFrom(from, true);
      const id = define(depth);
      scopeAt(depth).body.push({ kind: "load", id, buffer, at: where, type });
      scopeAt(depth).known.set(key, id);
      return id;
    },
    store: (buffer, at, value, mode = "set") => {
      const where = address(at);
      newVersion(buffer);
      write({ kind: "store", buffer, at: where, value, mode });
      // a load from there gives what was stored
      if (mode === "set") scopeAt(scopes.length - 1).known.set(loadKey(buffer, at), value);
    },
    row: (buffer, i) => {
      const index = indexValue(i);
      const scope = scopeAt(placeFrom(depthOf(index), true));
      // a row stays until the tape is emptied
      const key = `r${buffer}.${emptied.get(buffer) ?? 0}:${index}`;
      if (scope.known.has(key)) return;
      scope.known.set(key, index);
      scope.body.push({ kind: "row", buffer, index });
    },
    tape: (buffer, from) => {
      newVersion(buffer);
      emptied.set(buffer, ++stores);
      write({ kind: "tape", buffer, from });
    },
    check: (cond, error, detail, values = []) => {
      const from = Math.max(depthOf(cond), detail === null ? 0 : depthOf(detail), ...values.map(depthOf));
      const key = `!${cond}:${error}`;
      if (lookUp(key, from) !== undefined) return;
      const scope = scopeAt(placeFrom(from, true));
      scope.known.set(key, cond);
      scope.body.push({ kind: "check", cond, error, detail, values });
    },
    fresh,
    indexValue,
    indexOf,
    divMod,
    affineDivMod: affine,
    clamp,
    constantOf: (v) => constants.get(v) ?? null,
    recall: (key) => {
      for (let d = scopes.length - 1; d >= 0; d--) {
        const v = scopes[d]?.known.get(key);
        if (v !== undefined) return v;
      }
      return null;
    },
    remember: (key, v) => void scopeAt(depthOf(v)).known.set(key, v),
    finish: () => (scopes.length === 1 ? root.body : internal("a loop is still open")),
  };
};
