/**
 * Values that may share one buffer although both are live in one kernel or one after the other:
 * - an update takes the buffer of its operand where nothing reads the operand later: in place, without a copy; so does a
 *   control equation that carries an array;
 * - a value that only its own kernel reads lies in the buffer of one that the kernel stores later at the same points
 *   (softmax keeps exp(x - max) where the result will stand).
 */

import { hostedOperand } from "../../ir/origin.js";
import { isControl, sameType, sizeOf, type Var } from "../../ir/types.js";
import { operand } from "./decompose.js";
import type { Graph, Node } from "./graph.js";
import type { Group, Grouping, Member } from "./groups.js";

/** The value each key lies in; chains are possible. */
export type Aliases = ReadonlyMap<Var, Var>;

/** @param owned parameters whose memory may be overwritten */
export const findAliases = (
  graph: Graph,
  grouping: Grouping,
  results: ReadonlySet<Var>,
  owned: ReadonlySet<Var>,
): Aliases => {
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
  /** Lets `v` lie where its node's operand lies, if nothing else needs that. */
  const takeOver = (node: Node, operand: Var | null, v: Var): void => {
    const x = operand === null ? null : baseIn(graph, operand, owned);
    if (x === null || results.has(x) || aliases.has(x) || x.type.dtype !== v.type.dtype) return;
    const readers = grouping.readers.get(x) ?? [];
    const others = readers.filter((r) => r.by !== node);
    const own = readers.length - others.length;
    if (own === 1 && others.every((r) => orderOf(r.by.v) < orderOf(node.v))) share(x, v);
  };
  for (const group of grouping.groups) {
    for (const m of group.members) {
      const { node } = m;
      if (isUpdate(node)) takeOver(node, operand(node.eqn.inputs, 0), node.v);
      else if (isControl(node.eqn)) {
        const { eqn } = node;
        node.outs.forEach((v, k) => {
          if (sizeOf(v.type.shape) > 1) takeOver(node, hostedOperand(eqn, k), v);
        });
      } else if (group.kind === "loops" && !results.has(m.node.v)) {
        const host = rowHost(group, m, grouping, hosts);
        if (host !== null) share(m.node.v, host);
      }
    }
  }
  return aliases;
};

const isUpdate = (node: Node): boolean => node.kind === "scatterAdd" || node.kind === "dynamicUpdate";

/** The node or owned parameter that holds a value, behind reshapes; null where the value has no memory of its own. */
export const baseIn = (graph: Graph, v: Var, owned: ReadonlySet<Var>): Var | null => {
  let x = v;
  for (;;) {
    if (graph.nodeOf.has(x) || owned.has(x)) return x;
    const eqn = graph.defs.get(x);
    if (eqn?.op !== "reshape") return null;
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
      const reader = grouping.memberOf.get(r.by.v);
      if (reader === undefined || grouping.groupOf.get(r.by.v) !== group) return false;
      return reader.phase < w.phase || (reader === w && r.inStep);
    });
    if (fits) return host;
  }
  return null;
};

const sameAxes = (a: Member, b: Member): boolean =>
  a.outer.join() === b.outer.join() && a.inner.join() === b.inner.join();

/** Whether `v` lies where the operand `x` of its equation lies. */
export const inPlace = (graph: Graph, aliases: Aliases, x: Var, v: Var): boolean => {
  for (let base: Var | undefined = x; base !== undefined; ) {
    if (aliases.get(base) === v) return true;
    const eqn = graph.defs.get(base);
    base = eqn?.op === "reshape" && !graph.nodeOf.has(base) ? eqn.inputs[0] : undefined;
  }
  return false;
};

/** The value at the end of a chain of aliases. */
export const hostOf = (aliases: Aliases, v: Var): Var => {
  let host = v;
  for (let next = aliases.get(host); next !== undefined; next = aliases.get(host)) host = next;
  return host;
};

/**
 * May `v`, computed in a region, lie in the memory of the region's parameter `p` from the start? Then every read of `p` comes
 * before: in an earlier kernel, or at the same point in the same kernel.
 */
export const mayReplace = (
  grouping: Grouping,
  aliases: Aliases,
  p: Var,
  v: Var,
  results: ReadonlySet<Var>,
): boolean => {
  if (results.has(p) || aliases.has(p)) return false;
  const order = new Map(grouping.groups.map((g, k) => [g, k]));
  const orderOf = (x: Var): number => {
    const g = grouping.groupOf.get(x);
    return g === undefined ? -1 : (order.get(g) ?? -1);
  };
  const guests = [...grouping.groupOf.keys()].filter((x) => hostOf(aliases, x) === v);
  const first = Math.min(...guests.map(orderOf));
  const own = grouping.memberOf.get(v);
  const group = grouping.groupOf.get(v);
  return (grouping.readers.get(p) ?? []).every((r) => {
    if (orderOf(r.by.v) < first) return true;
    if (own === undefined || group?.kind !== "loops" || guests.length !== 1) return false;
    const reader = grouping.memberOf.get(r.by.v);
    const flat = group.members.every((m) => m.inner.length === 0 && m.phase === 0);
    return (
      flat &&
      r.inStep &&
      own.node.kind === "map" &&
      sameType(p.type, v.type) &&
      reader !== undefined &&
      group.members.includes(reader) &&
      group.members.indexOf(reader) <= group.members.indexOf(own)
    );
  });
};
