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
  KernelOp,
  RegType,
  Stmt,
  StoreStmt,
  ValueId,
} from "../types.js";
import { affineDivMod, constantOf, constIndex, type Index, valueIndex } from "./index-expr.js";

interface Scope {
  readonly axis: AxisId | null;
  readonly extent: number;
  readonly body: Stmt[];
  /** Content or (value, point) to register, for what this scope's body defines. */
  readonly known: Map<string, ValueId>;
}

export interface Emitter {
  /** Opens a loop and gives its axis. */
  readonly openLoop: (extent: number) => AxisId;
  /** Ends the innermost loop; the carries' results become visible outside. */
  readonly closeLoop: (carries: readonly Carry[], parallel: boolean) => void;
  /** An axis that no loop of this body runs over (a product's epilogue). */
  readonly outerAxis: (extent: number) => AxisId;
  readonly extentOf: (axis: AxisId) => number;

  readonly constant: (type: RegType, value: number) => ValueId;
  readonly op: (op: KernelOp, type: RegType, args: readonly ValueId[], lane?: 0 | 1) => ValueId;
  readonly load: (buffer: BufferId, at: Index, type: DType) => ValueId;
  readonly store: (buffer: BufferId, at: Index, value: ValueId, mode?: StoreStmt["mode"]) => void;
  readonly check: (cond: ValueId, error: number, detail: ValueId | null) => void;
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
  const root: Scope = { axis: null, extent: 1, body: [], known: new Map() };
  const scopes: Scope[] = [root];
  const depths: number[] = [];
  const axisDepth = new Map<AxisId, number>();
  const extents: number[] = [];
  const constants = new Map<ValueId, number>();
  const indices = new Map<ValueId, Index>();
  /** Stores so far: a load before one says nothing about a load after it. */
  const versions = new Map<BufferId, number>();

  const scopeAt = (depth: number): Scope => scopes[depth] ?? internal(`no open loop at depth ${depth}`);
  const define = (depth: number): ValueId => depths.push(depth) - 1;
  const depthOf = (v: ValueId): number => depths[v] ?? internal(`register ${v} is not defined`);
  const depthOfAxis = (a: AxisId): number => axisDepth.get(a) ?? internal(`axis ${a} is not open`);
  const extentOf = (a: AxisId): number => extents[a] ?? internal(`axis ${a} is not open`);

  /** One register per content: `make` writes the statement where its operands are first all known. */
  const numbered = (key: string, depth: number, make: (id: ValueId) => Stmt): ValueId => {
    const scope = scopeAt(depth);
    const known = scope.known.get(key);
    if (known !== undefined) return known;
    const id = define(depth);
    scope.body.push(make(id));
    scope.known.set(key, id);
    return id;
  };

  const constant = (type: RegType, value: number): ValueId => {
    const text = Object.is(value, -0) ? "-0" : String(value);
    const id = numbered(`c${type}${text}`, 0, (v) => ({ kind: "const", id: v, type, value }));
    constants.set(id, value);
    if (type === "i32") indices.set(id, constIndex(value));
    return id;
  };

  const op: Emitter["op"] = (name, type, args, lane) => {
    let depth = 0;
    for (const a of args) depth = Math.max(depth, depthOf(a));
    const key = `${name}${lane ?? ""}:${type}:${args.join(",")}`;
    return numbered(key, depth, (id) =>
      lane === undefined
        ? { kind: "op", id, op: name, args, type }
        : { kind: "op", id, op: name, args, type, lane },
    );
  };

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

  const address = (i: Index): Address => ({
    offset: i.offset,
    terms: i.terms,
    dynamic: sumOf(i.dynamic.map((t) => scaled(t.value, t.stride))),
  });

  const openLoop = (extent: number): AxisId => {
    const axis = extents.push(extent) - 1;
    axisDepth.set(axis, scopes.length);
    scopes.push({ axis, extent, body: [], known: new Map() });
    return axis;
  };

  return {
    openLoop,
    closeLoop: (carries, parallel) => {
      const scope = scopes.pop();
      const outer = scopes[scopes.length - 1];
      if (scope === undefined || scope.axis === null || outer === undefined)
        return internal("no loop to close");
      const { axis, extent, body } = scope;
      outer.body.push({ kind: "loop", axis, extent, parallel, carries, body });
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
      const key = `l${buffer}.${versions.get(buffer) ?? 0}:${at.key}`;
      const depth = depthOfIndex(at);
      const known = scopeAt(depth).known.get(key);
      if (known !== undefined) return known;
      const where = address(at);
      return numbered(key, depth, (id) => ({ kind: "load", id, buffer, at: where, type }));
    },
    store: (buffer, at, value, mode = "set") => {
      const where = address(at);
      versions.set(buffer, (versions.get(buffer) ?? 0) + 1);
      scopeAt(scopes.length - 1).body.push({ kind: "store", buffer, at: where, value, mode });
    },
    check: (cond, error, detail) => {
      const depth = Math.max(depthOf(cond), detail === null ? 0 : depthOf(detail));
      const scope = scopeAt(depth);
      const key = `!${cond}:${error}`;
      if (scope.known.has(key)) return;
      scope.known.set(key, cond);
      scope.body.push({ kind: "check", cond, error, detail });
    },
    fresh: () => define(scopes.length - 1),
    indexValue,
    indexOf: (v) => indices.get(v) ?? null,
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
