/**
 * Minimum cuts of flow networks by Dinic's algorithm: breadth-first levels, then augmenting paths along them.
 * Reference: E. A. Dinic, "Algorithm for solution of a problem of maximum flow in networks with power estimation" (1970).
 */

export interface Network {
  /** A new node's number. Node 0 is the source, node 1 the sink. */
  readonly node: () => number;
  /** An edge; the capacity may be infinite, as long as no path from source to sink is. */
  readonly edge: (from: number, to: number, capacity: number) => void;
  /** Whether each node lies on the source's side of the minimum cut that is nearest to the source. */
  readonly cut: () => readonly boolean[];
}

export const SOURCE = 0;
export const SINK = 1;

/** Flows below this are rounding errors of capacities. */
const EPSILON = 1e-9;

export const network = (): Network => {
  /** Edges of each node; edge e's reverse is e ^ 1. */
  const edges: number[][] = [[], []];
  const to: number[] = [];
  const left: number[] = [];
  const add = (from: number, target: number, capacity: number): void => {
    edges[from]?.push(to.length);
    to.push(target);
    left.push(capacity);
  };

  /** Distances from the source along edges that are not full; -1 for what is not reached. */
  const levels = (): Int32Array => {
    const level = new Int32Array(edges.length).fill(-1);
    level[SOURCE] = 0;
    const queue = [SOURCE];
    for (const v of queue)
      for (const e of edges[v] ?? []) {
        const w = to[e] ?? SOURCE;
        if ((left[e] ?? 0) <= EPSILON || level[w] !== -1) continue;
        level[w] = (level[v] ?? 0) + 1;
        queue.push(w);
      }
    return level;
  };

  /** Sends flow along one path of rising levels; false where there is none. `next` is where each node's search goes on. */
  const augment = (level: Int32Array, next: Int32Array): boolean => {
    const path: number[] = [];
    let v = SOURCE;
    while (v !== SINK) {
      const own = edges[v] ?? [];
      let found = false;
      for (let k = next[v] ?? 0; k < own.length; k++) {
        next[v] = k;
        const e = own[k] ?? 0;
        const w = to[e] ?? SOURCE;
        if ((left[e] ?? 0) <= EPSILON || level[w] !== (level[v] ?? 0) + 1) continue;
        path.push(e);
        v = w;
        found = true;
        break;
      }
      if (found) continue;
      next[v] = own.length;
      const back = path.pop();
      if (back === undefined) return false;
      v = to[back ^ 1] ?? SOURCE;
      next[v] = (next[v] ?? 0) + 1;
    }
    const flow = path.reduce((least, e) => Math.min(least, left[e] ?? 0), Number.POSITIVE_INFINITY);
    for (const e of path) {
      left[e] = (left[e] ?? 0) - flow;
      left[e ^ 1] = (left[e ^ 1] ?? 0) + flow;
    }
    return true;
  };

  return {
    node: () => edges.push([]) - 1,
    edge: (from, target, capacity) => {
      add(from, target, capacity);
      add(target, from, 0);
    },
    cut: () => {
      for (;;) {
        const level = levels();
        if (level[SINK] === -1) return Array.from(level, (l) => l !== -1);
        const next = new Int32Array(edges.length);
        while (augment(level, next));
      }
    },
  };
};
