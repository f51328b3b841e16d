/** Derivatives checked against central differences. */
import { fail } from "../compiler/diagnostics.js";
import { baseOf, compiledCallable, requireFunction } from "./jit.js";
import { lift } from "./library/core.js";
import { random, tree } from "./library/index.js";
import { library } from "./library-function.js";
import { jvp, ownFunction, vjp } from "./linear-maps.js";
import { isTensor } from "./tensor.js";
import type { Callable, PlainOf, Tensor, TensorArgs, Unresolved } from "./types.js";

export interface CheckGradsOptions {
  /** Up to which derivative; default 1. Each next one is checked as the first one of the derivative before it. */
  readonly order?: number;
  /** `"fwd"`: jvp; `"rev"`: vjp. Default both, in all orders when `order` is more than 1. */
  readonly modes?: readonly ("fwd" | "rev")[];
  /** A difference of at most `atol + rtol * |expected|` is taken for rounding; default 1e-6 each, 1e-2 with f32 among the arguments. */
  readonly atol?: number;
  readonly rtol?: number;
  /** Step of the differences; default 1e-5, 1e-2 with f32 among the arguments. */
  readonly eps?: number;
  /** Which random directions; default 0. */
  readonly seed?: number;
}

/** Trees of numbers and tensors; what they are is the user's. */
type Node = unknown;
type AnyCall = (...args: readonly Node[]) => Node;

/** A tree of normal random numbers like `like`; what is no float stays as it is. */
const randomLike = library("checkGrads.randomLike", (keyPair: Tensor, like: Node): Node => {
  let count = 0;
  return tree.map((leaf) => {
    const x = lift(leaf);
    if (x.dtype !== "f32" && x.dtype !== "f64") return leaf;
    return random.normal(random.foldIn(keyPair, count++), x.shape, x.dtype);
  }, like);
}) as (keyPair: Tensor, like: Node) => Node;

/** The same for a result, where each number of an array is a leaf of its own. */
const randomLikeResult = (keyPair: Tensor, like: Node): Node => {
  if (typeof like !== "object" || like === null || isTensor(like)) return randomLike(keyPair, like);
  const entries = Object.entries(like).map(([key, child], k): readonly [string, Node] => [
    key,
    randomLikeResult(random.foldIn(keyPair, k), child),
  ]);
  return Array.isArray(like) ? entries.map(([, child]) => child) : Object.fromEntries(entries);
};

/** x + h t, leaf by leaf; what is no float stays as it is. */
const along = library(
  "checkGrads.along",
  (x: Node, t: Node, h: number): Node =>
    tree.map(
      (leaf, dLeaf = 0) => {
        const { dtype } = lift(leaf);
        return dtype === "f32" || dtype === "f64" ? leaf + h * dLeaf : leaf;
      },
      x,
      t,
    ),
) as (x: Node, t: Node, h: number) => Node;

/** A leaf's elements where it is a float's, else null. */
interface Leaf {
  readonly path: string;
  readonly data: ArrayLike<number> | null;
}

const leavesOf = (node: Node, path: string): readonly Leaf[] => {
  if (typeof node === "number") return [{ path, data: [node] }];
  if (isTensor(node)) {
    const { data, dtype } = node;
    return [{ path, data: dtype === "f32" || dtype === "f64" ? data : null }];
  }
  if (typeof node !== "object" || node === null) return [{ path, data: null }];
  return Object.entries(node).flatMap(([key, child]) => leavesOf(child, `${path}.${key}`));
};

const holdsSingles = (node: Node): boolean =>
  node instanceof Float32Array ||
  (isTensor(node)
    ? node.dtype === "f32"
    : typeof node === "object" && node !== null && Object.values(node).some(holdsSingles));

interface Check {
  readonly name: string;
  readonly eps: number;
  readonly rtol: number;
  readonly atol: number;
}

const compare = (
  { name, rtol, atol }: Check,
  what: string,
  got: readonly Leaf[],
  wanted: readonly Leaf[],
): void => {
  got.forEach(({ path, data }, k) => {
    const other = wanted[k]?.data;
    if (data === null || other === undefined || other === null) return;
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [Number(data[i]), Number(other[i])];
      if (Math.abs(x - y) <= atol + rtol * Math.abs(y)) continue;
      const place = `${path === "" ? "" : ` at ${path.slice(1)}`}${data.length > 1 ? `, entry ${i}` : ""}`;
      fail(
        "TSJ5080",
        "range",
        `checkGrads(): ${what} of ${name} is ${x}${place}, central differences give ${y}`,
        {
          hint: `they may differ by ${atol} + ${rtol} |${y}|; at a kink or a jump they do, so choose another point or seed`,
        },
      );
    }
  });
};

/** sum of a b over all float leaves. */
const inner = (a: readonly Leaf[], b: readonly Leaf[]): number => {
  let sum = 0;
  a.forEach(({ data }, k) => {
    const other = b[k]?.data;
    if (data === null || other === undefined || other === null) return;
    for (let i = 0; i < data.length; i++) sum += Number(data[i]) * Number(other[i]);
  });
  return sum;
};

/** (f(x + eps t) - f(x - eps t)) / (2 eps). */
const differences = (fn: AnyCall, args: readonly Node[], tangents: readonly Node[], eps: number) => {
  const [after, before] = [eps, -eps].map((h) =>
    leavesOf(fn(...args.map((x, k) => along(x, tangents[k], h))), ""),
  );
  return (after ?? []).map(({ path, data }, k): Leaf => {
    const other = before?.[k]?.data ?? null;
    if (data === null || other === null) return { path, data: null };
    return { path, data: Array.from(data, (x, i) => (x - Number(other[i])) / (2 * eps)) };
  });
};

/** jvp and vjp with types that any tree has. */
const forward = jvp as unknown as (
  f: AnyCall,
  x: readonly Node[],
  t: readonly Node[],
) => readonly [Node, Node];
const reverse = vjp as unknown as (
  f: AnyCall,
  ...x: readonly Node[]
) => readonly [Node, (ct: Node) => readonly Node[]];

const nextOrder = (id: string, fn: AnyCall): AnyCall => ownFunction(id, fn) as AnyCall;

const checkOrder = (
  check: Check,
  fn: AnyCall,
  args: readonly Node[],
  modes: readonly ("fwd" | "rev")[],
  order: number,
  keyPair: Tensor,
): void => {
  const own = random.split(keyPair, 4);
  const [first = keyPair, second = keyPair, ...next] = [0, 1, 2, 3].map((k) => own[k] ?? keyPair);
  const tangents = args.map((x, k) => randomLike(random.foldIn(first, k), x));
  const slopes = differences(compiledCallable(fn) as AnyCall, args, tangents, check.eps);
  modes.forEach((mode, m) => {
    const key = next[m] ?? keyPair;
    if (mode === "fwd") {
      const [, tangent] = forward(fn, args, tangents);
      compare(check, "the derivative by jvp", leavesOf(tangent, ""), slopes);
      if (order === 1) return;
      const derivative = nextOrder(
        "checkGrads.fwd",
        (...xs: readonly Node[]) => forward(fn, xs, tangents)[1],
      );
      checkOrder(
        { ...check, name: `the derivative of ${check.name}` },
        derivative,
        args,
        modes,
        order - 1,
        key,
      );
      return;
    }
    const [value, pullback] = reverse(fn, ...args);
    const ct = randomLikeResult(second, value);
    const cts = pullback(ct);
    // <J t, c> = <t, J' c>
    const [back, directions] = [leavesOf(cts, ""), leavesOf(tangents, "")];
    compare(
      check,
      "the derivative by vjp, along a direction,",
      [{ path: "", data: [inner(back, directions)] }],
      [{ path: "", data: [inner(leavesOf(ct, ""), slopes)] }],
    );
    if (order === 1) return;
    const derivative = nextOrder("checkGrads.rev", (...xs: readonly Node[]) => reverse(fn, ...xs)[1](ct));
    checkOrder({ ...check, name: `the gradient of ${check.name}` }, derivative, args, modes, order - 1, key);
  });
};

const KEYS = ["order", "modes", "atol", "rtol", "eps", "seed"];

const requirePositive = (name: string, value: number): void => {
  if (!(value > 0 && Number.isFinite(value)))
    fail("TSJ5081", "type", `checkGrads(): ${name} is a positive number, not ${value}`);
};

/**
 * Compares the derivatives of `fn` at `args` with central differences along random directions, and throws TSJ5080 where they
 * differ: forward mode entry by entry, reverse mode by <J t, c> = <t, J' c>. Results that are no floats are not looked at.
 * Give f64 arguments: differences of f32 have two or three digits.
 * @example
 * checkGrads((x: Tensor) => np.sum(Math.sin(x) ** 2), [new Float64Array([1, 2])], { order: 2 });
 */
export const checkGrads = <F extends Callable = Unresolved>(
  fn: F,
  args: TensorArgs<Parameters<PlainOf<F>>>,
  options: CheckGradsOptions = {},
): void => {
  requireFunction(fn, "checkGrads()");
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    fail(
      "TSJ5072",
      "type",
      `checkGrads() has no option ${JSON.stringify(unknown)}: it has ${KEYS.join(", ")}`,
    );
  if (!Array.isArray(args))
    fail("TSJ5075", "type", "checkGrads(): the second argument is an array with one entry per argument");
  const single = args.some(holdsSingles);
  const { order = 1, modes = ["fwd", "rev"], seed = 0 } = options;
  const { atol = single ? 1e-2 : 1e-6, rtol = single ? 1e-2 : 1e-6, eps = single ? 1e-2 : 1e-5 } = options;
  Object.entries({ atol, rtol, eps }).forEach(([name, value]) => {
    requirePositive(name, value);
  });
  if (!Number.isInteger(order) || order < 1)
    fail("TSJ5081", "type", `checkGrads(): order is a whole number from 1, not ${order}`);
  if (!Array.isArray(modes) || modes.length === 0 || !modes.every((m) => m === "fwd" || m === "rev"))
    fail("TSJ5081", "type", 'checkGrads(): modes is a list of "fwd" and "rev"');
  const name = baseOf(fn).name || "the function";
  checkOrder({ name, atol, rtol, eps }, fn as unknown as AnyCall, args, modes, order, random.key(seed));
};
