/**
 * Puts nodes into kernels. A group runs over outer axes; under each of their points its members take turns in phases of
 * inner loops, and what a phase reduces stays in registers for the next: softmax is one group over rows with three phases.
 * Members of one phase with equal inner extents share a loop.
 */
import { internal } from "../../diagnostics.js";
import { sameShape, sizeOf, type Var } from "../../ir/types.js";
import { hasEffect } from "../../ops/effects.js";
import { type Access, readsOfNode } from "./access.js";
import { baseIn } from "./aliases.js";
import type { Graph, Node } from "./graph.js";
import { bareAxis } from "./index-expr.js";
import { takenOver } from "./overwritten.js";
import type { Cuts } from "./regions.js";

export interface Member {
  readonly node: Node;
  /** The node's own axis of each outer axis of the group. */
  outer: readonly number[];
  /** The node's own axes that are not outer, without those of extent 1. */
  inner: readonly number[];
  readonly phase: number;
  /** Positions along its own axes where its body changes. */
  readonly cuts: Cuts;
}

export interface Group {
  readonly id: number;
  readonly kind: "loops" | "matmul" | "scatterAdd" | "dynamicUpdate" | "tape" | "steps" | "nest";
  extents: readonly number[];
  readonly members: Member[];
  /** 1 + the highest level of the groups it depends on. */
  level: number;
  readonly deps: Set<Group>;
  readonly users: Set<Group>;
}

export interface Grouping {
  /** In an order in which they can run. */
  readonly groups: readonly Group[];
  readonly memberOf: ReadonlyMap<Var, Member>;
  readonly groupOf: ReadonlyMap<Var, Group>;
  /** Nodes that need memory. */
  readonly stored: ReadonlySet<Var>;
  /** Every read of a node or parameter. */
  readonly readers: ReadonlyMap<Var, readonly Read[]>;
}

/** `inStep`: the reader visits exactly the element it computes. */
export interface Read {
  readonly by: Node;
  readonly inStep: boolean;
}

/** Elements up to which a column reduction may share its kernel with the values it reads. */
const COLUMN_BLOCK = 2 ** 15;

const groupKind = (kind: Node["kind"]): Group["kind"] =>
  kind === "map" || kind === "reduce" || kind === "product" ? "loops" : kind;
const wideAxes = (node: Node): number[] => node.space.flatMap((n, d) => (n === 1 ? [] : [d]));
const isReduction = (node: Node): boolean => node.kind === "reduce" || node.kind === "product";
/** Own axes of the value's wide axes, in the value's order. */
const keptAxes = (node: Node): number[] => node.out.filter((a) => node.space[a] !== 1);
const sameList = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, k) => x === b[k]);
const isPrefix = (a: readonly number[], b: readonly number[]): boolean => a.every((x, k) => x === b[k]);
const innerKey = (m: {
  readonly node: Node;
  readonly inner: readonly number[];
  readonly phase: number;
}): string => `${m.phase}:${m.inner.map((a) => m.node.space[a]).join("x")}`;

/** The reader's own axis that runs in step with axis `a` of the node it reads: the same counter over the same extent. */
const axisInStep = (m: Member, access: Access, reader: Node, a: number): number | null => {
  const i = access.at?.[m.node.out.indexOf(a)];
  const axis = i === undefined ? null : bareAxis(i);
  return axis !== null && reader.space[axis] === m.node.space[a] ? axis : null;
};

/** Does the reader visit the member's inner axes in step with its own? */
const inStep = (m: Member, access: Access, reader: Node, inner: readonly number[]): boolean =>
  m.inner.length === inner.length && m.inner.every((a, k) => axisInStep(m, access, reader, a) === inner[k]);

/** Does a map read a parameter of its own shape at the very point it computes? */
const readsOwnPoint = (node: Node, { of, at }: Access): boolean =>
  node.kind === "map" &&
  at !== null &&
  sameShape(of.type.shape, node.v.type.shape) &&
  at.every((i, d) => node.space[d] === 1 || bareAxis(i) === d);

/** @param owned parameters whose memory may be overwritten */
export const groupNodes = (
  graph: Graph,
  results: ReadonlySet<Var>,
  owned: ReadonlySet<Var> = new Set(),
): Grouping => {
  const groups: Group[] = [];
  const memberOf = new Map<Var, Member>();
  const groupOf = new Map<Var, Group>();
  const stored = new Set<Var>(graph.nodes.flatMap((n) => n.outs).filter((v) => results.has(v)));
  const bySpace = new Map<string, Group>();
  const readsOf = new Map<Group, Set<Var>>();
  const readers = new Map<Var, Read[]>();

  const raise = (g: Group, level: number): void => {
    if (g.level >= level) return;
    g.level = level;
    for (const user of g.users) raise(user, level + 1);
  };

  /** How `node` could run inside `g`, given what it reads there; null if it can't or should not. */
  const place = (node: Node, g: Group, accesses: readonly Access[], cuts: Cuts): Member | null => {
    if (g.kind !== "loops" && g.kind !== "matmul") return null;
    if (node.kind !== "map" && !isReduction(node)) return null;
    const own = wideAxes(node);
    const inside = accesses.filter((x) => groupOf.get(x.of) === g);
    let outer: (number | null)[] | null = null;
    for (const access of inside) {
      const m = memberOf.get(access.of) ?? internal("a grouped node is no member");
      const axes = m.outer.map((a) => axisInStep(m, access, node, a));
      outer = outer === null ? [...axes] : outer.map((a, k) => (a === axes[k] ? a : null));
    }
    if (outer === null) {
      // a sibling: same space as some member, point for point
      const twin = g.members.find(
        (m) => sameList(wideAxes(m.node), own) && sameList(extentsOf(m.node), extentsOf(node)),
      );
      if (twin === undefined) return null;
      outer = [...twin.outer];
    }
    const flat = g.kind === "loops" && g.members.every((m) => m.inner.length === 0 && m.phase === 0);
    const kept = isReduction(node) ? keptAxes(node) : own;

    if (g.kind === "matmul") {
      const full = outer.every((a) => a !== null) && new Set(outer).size === own.length;
      if (node.kind !== "map" || !full || outer.length !== own.length) return null;
      return { node, outer: outer.map((a) => a ?? internal("no axis")), inner: [], phase: 0, cuts };
    }
    if (isReduction(node) && flat && outer.length > kept.length) {
      // shrink: the group's axes that are reduced become inner loops
      if (outer.some((a) => a === null) || new Set(outer).size !== own.length) return null;
      const mapped = outer.map((a) => a ?? internal("no axis"));
      if (
        !sameList(
          mapped.filter((a) => kept.includes(a)),
          kept,
        )
      )
        return null;
      const keep = mapped.map((a) => kept.includes(a));
      const columns = !isPrefix(kept, mapped);
      if (columns && sizeOf(node.space) > COLUMN_BLOCK) return null;
      for (const m of g.members) {
        if (m.outer.length !== keep.length) return internal("a flat group's members have all its axes");
        m.inner = m.outer.filter((_, k) => keep[k] === false);
        m.outer = m.outer.filter((_, k) => keep[k] === true);
      }
      g.extents = g.extents.filter((_, k) => keep[k] === true);
      return { node, outer: kept, inner: mapped.filter((a) => !kept.includes(a)), phase: 0, cuts };
    }
    if (outer.some((a) => a === null)) return null;
    const mapped = outer.map((a) => a ?? internal("no axis"));
    if (new Set(mapped).size !== mapped.length) return null;
    if (isReduction(node) ? !sameList([...mapped].sort(), [...kept].sort()) : !isPrefix(mapped, own))
      return null;
    const inner = own.filter((a) => !mapped.includes(a));
    let phase = 0;
    for (const access of inside) {
      const m = memberOf.get(access.of) ?? internal("a grouped node is no member");
      const registers = m.inner.length === 0 && !isReduction(m.node);
      const together = !isReduction(m.node) && inStep(m, access, node, inner);
      phase = Math.max(phase, registers || together ? m.phase : m.phase + 1);
    }
    const member: Member = { node, outer: mapped, inner, phase, cuts };
    if (g.extents.length === 0 && inner.length > 0) {
      // loops that run one after another are better kernels of their own
      const key = innerKey(member);
      if (g.members.some((m) => m.inner.length > 0 && innerKey(m) !== key)) return null;
      if (g.members.some((m) => m.inner.length === 0 && m.phase > 0)) return null;
    }
    return member;
  };

  const extentsOf = (node: Node): readonly number[] => wideAxes(node).map((a) => node.space[a] ?? 1);
  const spaceKey = (node: Node): string => extentsOf(node).join("x");

  const join = (g: Group, member: Member, accesses: readonly Access[], deps: ReadonlySet<Group>): void => {
    g.members.push(member);
    for (const v of member.node.outs) {
      memberOf.set(v, member);
      groupOf.set(v, g);
    }
    const reads = readsOf.get(g) ?? new Set();
    readsOf.set(g, reads);
    for (const access of accesses) {
      reads.add(access.of);
      const m = memberOf.get(access.of);
      const step =
        m === undefined
          ? readsOwnPoint(member.node, access)
          : inStep(m, access, member.node, member.inner) &&
            m.outer.every((a, k) => axisInStep(m, access, member.node, a) === member.outer[k]);
      const known = readers.get(access.of) ?? [];
      readers.set(access.of, known);
      known.push({ by: member.node, inStep: step });
      if (m === undefined) continue;
      const outside = groupOf.get(access.of) !== g;
      const inMemory =
        m.inner.length > 0 &&
        !isReduction(m.node) &&
        !(m.phase === member.phase && inStep(m, access, member.node, member.inner));
      if (outside || inMemory) stored.add(access.of);
    }
    for (const d of deps) {
      if (d === g) continue;
      g.deps.add(d);
      d.users.add(g);
      raise(g, d.level + 1);
    }
    if (g.kind === "loops" || g.kind === "matmul") bySpace.set(spaceKey(member.node), g);
  };

  const startGroup = (node: Node, level: number, cuts: Cuts): readonly [Group, Member] => {
    const outer = keptAxes(node);
    const extents = outer.map((a) => node.space[a] ?? 1);
    const group: Group = {
      id: groups.length,
      kind: groupKind(node.kind),
      extents,
      members: [],
      level,
      deps: new Set(),
      users: new Set(),
    };
    groups.push(group);
    return [group, { node, outer, inner: wideAxes(node).filter((a) => !outer.includes(a)), phase: 0, cuts }];
  };

  let lastEffect: Group | null = null;
  for (const node of graph.nodes) {
    if (node.kind !== "steps" && node.kind !== "nest" && node.v.type.shape.includes(0)) continue;
    const { accesses, cuts } = readsOfNode(graph, node);
    const deps = new Set<Group>();
    for (const { of } of accesses) {
      const g = groupOf.get(of);
      if (g !== undefined) deps.add(g);
    }
    // What reads an array that is taken over runs before it is overwritten.
    for (const x of takenOver(node.eqn)) {
      const base = baseIn(graph, x, owned);
      for (const { by } of base === null ? [] : (readers.get(base) ?? [])) {
        const g = groupOf.get(by.v);
        if (g !== undefined) deps.add(g);
      }
    }
    // Of several checks that fail the first one reports.
    const effect = hasEffect(node.eqn);
    if (effect && lastEffect !== null) deps.add(lastEffect);
    let level = -1;
    for (const g of deps) level = Math.max(level, g.level);
    const candidates = [...deps].filter((g) => g.level === level);
    const twin = bySpace.get(spaceKey(node));
    if (twin !== undefined && twin.level >= level && !deps.has(twin)) {
      const reads = readsOf.get(twin);
      const shares = accesses.some(({ of }) => reads?.has(of) === true && sizeOf(of.type.shape) > 1);
      if (shares || (spaceKey(node) === "" && twin.level <= level + 1)) candidates.push(twin);
    }
    let placed = false;
    for (const g of candidates) {
      const member = place(node, g, accesses, cuts);
      if (member === null) continue;
      join(g, member, accesses, deps);
      if (effect) lastEffect = g;
      placed = true;
      break;
    }
    if (placed) continue;
    const [g, member] = startGroup(node, level + 1, cuts);
    join(g, member, accesses, deps);
    if (effect) lastEffect = g;
  }
  return { groups: inOrder(groups), memberOf, groupOf, stored, readers };
};

/** Kahn's topological order; among those that are ready, the one whose first node stands first in the program. */
const inOrder = (groups: readonly Group[]): readonly Group[] => {
  const missing = new Map(groups.map((g) => [g, g.deps.size]));
  const order: Group[] = [];
  const ready: Group[] = groups.filter((g) => g.deps.size === 0).reverse();
  for (let g = ready.pop(); g !== undefined; g = ready.pop()) {
    order.push(g);
    for (const user of g.users) {
      const left = (missing.get(user) ?? 0) - 1;
      missing.set(user, left);
      if (left > 0) continue;
      // kept sorted by descending id
      let k = ready.length;
      while (k > 0 && (ready[k - 1]?.id ?? 0) < user.id) k--;
      ready.splice(k, 0, user);
    }
  }
  return order.length === groups.length ? order : internal("kernels depend on each other");
};
