/**
 * Values that may share one buffer although both are live in one kernel or one after the other:
 * - an update takes the buffer of its operand where nothing reads the operand later: in place, without a copy;
 * - a value that only its own kernel reads lies in the buffer of one that the kernel stores later at the same points
 *   (softmax keeps exp(x - max) where the result will stand).
 */
import { type OpName, sameType, type Var } from "../../ir/types.js";
import { operand } from "./decompose.js";
import type { Graph, Node } from "./graph.js";
import type { Group, Grouping, Member } from "./groups.js";

/** The value each key lies in; chains are possible. */
export type Aliases = ReadonlyMap<Var, Var>;

export const findAliases = (graph: Graph, grouping: Grouping, results: ReadonlySet<Var>): Aliases => {
  const aliases = new Map<Var, Var>();
  const hosts = new Set<Var>();
  const order = new Map(grouping.groups.map((g, k) => [g, k]));
  const orderOf = (v: Var): number => {
    const g = grouping.groupOf.get(v);
    return g === undefined ? -1 : (order.get(g) ?? -1);
  };
  const share = (guest: Var, host: Var): void => {
    aliases.set(guest, host);
    hosts.add(host);
  };
  for (const group of grouping.groups) {
    for (const m of group.members) {
      if (isUpdate(m.node)) {
        const x = updatedBase(graph, m.node);
        if (x === null || results.has(x) || aliases.has(x)) continue;
        const readers = grouping.readers.get(x) ?? [];
        const others = readers.filter((r) => r.by !== m.node.v);
        const own = readers.length - others.length;
        if (own === 1 && others.every((r) => orderOf(r.by) < orderOf(m.node.v))) share(x, m.node.v);
      } else if (group.kind === "loops" && !results.has(m.node.v)) {
        const host = rowHost(group, m, grouping, hosts);
        if (host !== null) share(m.node.v, host);
      }
    }
  }
  return aliases;
};

const isUpdate = (node: Node): boolean => node.kind === "scatterAdd" || node.kind === "dynamicUpdate";

/** The node that an update changes, behind reshapes; null where the operand has no memory of its own. */
const updatedBase = (graph: Graph, node: Node): Var | null => {
  let x = operand(node.eqn.inputs, 0);
  const reshape: OpName = "reshape";
  for (;;) {
    if (graph.nodeOf.has(x)) return x;
    const eqn = graph.defs.get(x);
    if (eqn?.op !== reshape) return null;
    x = operand(eqn.inputs, 0);
  }
};

/** A value stored at the same points in a later phase, after the last read of `m`, by nothing that still needs `m`. */
const rowHost = (group: Group, m: Member, grouping: Grouping, hosts: ReadonlySet<Var>): Var | null => {
  const { v } = m.node;
  if (!grouping.stored.has(v) || m.node.kind !== "map" || m.inner.length === 0) return null;
  const readers = grouping.readers.get(v) ?? [];
  for (const w of group.members) {
    const host = w.node.v;
    if (w.phase <= m.phase || w.node.kind !== "map" || !sameType(v.type, host.type)) continue;
    if (!grouping.stored.has(host) || hosts.has(host) || !sameAxes(w, m)) continue;
    const fits = readers.every((r) => {
      const reader = grouping.memberOf.get(r.by);
      if (reader === undefined || grouping.groupOf.get(r.by) !== group) return false;
      return reader.phase < w.phase || (reader === w && r.inStep);
    });
    if (fits) return host;
  }
  return null;
};

const sameAxes = (a: Member, b: Member): boolean =>
  a.outer.join() === b.outer.join() && a.inner.join() === b.inner.join();

/** Whether an update may write over its operand's buffer. */
export const inPlace = (graph: Graph, aliases: Aliases, node: Node): boolean => {
  const x = updatedBase(graph, node);
  return x !== null && aliases.get(x) === node.v;
};
