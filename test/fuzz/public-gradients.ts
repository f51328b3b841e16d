/** Gradients of a program by the public functions, compiled: forward against reverse mode, against differences, and the value. */
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { grad, isTensor, jit, jvp, np, tree, valueAndGrad } from "../../runtime/index.js";
import type { Callable } from "../../runtime/types.js";
import { largest } from "../properties/calculus.js";
import { allFinite } from "../properties/compare.js";
import { attempt, Fault } from "./fault.js";
import { NO_SLOPES, requireSlope, type Slopes, sumOfSlopes } from "./slopes.js";
import type { Made } from "./subject.js";
import { isTame } from "./transforms.js";
import { show } from "./values.js";

/** Arguments: numbers, Float64Arrays, and lists and records of these. */
type Node = number | Float64Array | readonly Node[] | { readonly [key: string]: Node };
type Call = (...args: readonly unknown[]) => unknown;
/** A function of any arguments, whose types the public functions can't know. */
const untyped = (f: unknown): Call => f as Call;

const mapNumbers = (node: Node, f: (x: number) => number): Node => {
  if (typeof node === "number") return f(node);
  if (node instanceof Float64Array) return node.map(f);
  if (Array.isArray(node)) return node.map((child: Node) => mapNumbers(child, f));
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, mapNumbers(child, f)]));
};

/** All numbers of a tree in order; a tensor's are its elements. */
const numbersOf = (node: unknown): readonly number[] => {
  if (typeof node === "number") return [node];
  if (isTensor(node)) return Array.from(node.data, Number);
  if (node instanceof Float64Array) return [...node];
  return typeof node === "object" && node !== null ? Object.values(node).flatMap(numbersOf) : [];
};
const asArray = (node: unknown): NdArray => {
  const all = numbersOf(node);
  return ndarray("f64", [all.length], all);
};

/** What `f` gives; null where the compiler refuses the program, as it does those that write to an argument in vain. */
const runOrRefuse = (f: () => unknown): unknown => {
  try {
    return f();
  } catch (e) {
    if (e instanceof Fault && / throws TSJ\d+$/.test(e.fault) && !e.fault.endsWith("TSJ9000")) return null;
    throw e;
  }
};

/** Relative to the largest number of those compared, each of which went through some hundred operations. */
const TOLERANCE = 1e-9;

/** @param args of which all numbers are differentiated by */
export const checkPublicGradients = (made: Made, given: readonly unknown[]): Slopes => {
  const program = untyped(jit(made.fn as Callable, { scope: made.scope }));
  /** The weighted sum of all results. */
  const loss = (...xs: readonly unknown[]): number => {
    let sum = 0;
    tree.leaves(program(...xs)).forEach((leaf, k) => {
      sum += np.sum(np.astype(leaf, "f64")) * (1 - 0.3 * k);
    });
    return sum;
  };
  let count = 0;
  // Away from whole numbers, where comparisons and steps have their edges.
  const args = given.map((x) => mapNumbers(x as Node, (n) => n + 0.137 * ++count + 0.0191 * count * count));
  const tangents = args.map((x) => mapNumbers(x, () => 2 * ((++count * Math.SQRT2) % 1) - 1));
  const moved = (h: number): readonly unknown[] => {
    const steps = numbersOf(tangents);
    let next = 0;
    return args.map((x) => mapNumbers(x, (n) => n + h * (steps[next++] ?? 0)));
  };
  const argnums = args.map((_, k) => k);
  const run = (name: string, f: () => unknown): unknown => {
    const result = attempt(name, f);
    // an index out of range, or a throw of the program's own
    return "value" in result ? result.value : null;
  };
  const f = untyped(jit(loss as unknown as Callable));
  const gradient = untyped(jit(untyped(grad(loss as never, { argnums } as never)) as unknown as Callable));
  const both = untyped(valueAndGrad(loss as never, { argnums } as never));
  const push = jvp as unknown as (
    g: Call,
    x: readonly unknown[],
    t: readonly unknown[],
  ) => readonly unknown[];

  const value = runOrRefuse(() => run("jit of the loss", () => f(...args)));
  if (value === null) return NO_SLOPES;
  const [primal] = numbersOf(value);
  if (primal === undefined || !Number.isFinite(primal) || Math.abs(primal) > 1e6) return NO_SLOPES;
  const where = (): string => `at ${args.map(show).join(", ")} along ${tangents.map(show).join(", ")}`;
  const [again, grads] = run("valueAndGrad", () => both(...args)) as readonly [unknown, unknown];
  if (numbersOf(again)[0] !== primal)
    throw new Fault(
      "valueAndGrad's value differs",
      `${where()}\n   gives ${show(again)}\n  wanted ${primal}`,
    );
  const g = asArray(grads);
  const tangent = asArray((run("jvp", () => push(loss as Call, args, tangents)) as readonly unknown[])[1]);
  if (![g, tangent].every(allFinite) || ![g, tangent].every(isTame)) return NO_SLOPES;
  const steps = numbersOf(tangents);
  const product = Array.from(g.data).reduce((sum, x, k) => sum + x * (steps[k] ?? 0), 0);
  const slope = tangent.data[0] ?? Number.NaN;
  if (!(Math.abs(product - slope) <= TOLERANCE * largest([g, tangent])))
    throw new Fault("compiled <grad, dx> is not the tangent", `${where()}\n${product} and ${slope}`);
  const byDifferences = (h: number): readonly NdArray[] | null => {
    const y = run("jit of the loss", () => f(...moved(h)));
    return y === null ? null : [asArray(y)];
  };
  const first = requireSlope("compiled jvp", byDifferences, [tangent], where);
  const product2 = asArray(
    (run("jvp of grad", () => push(gradient, args, tangents)) as readonly unknown[])[1],
  );
  if (!allFinite(product2) || !isTame(product2)) return first;
  const gradientAt = (h: number): readonly NdArray[] | null => {
    const y = run("grad", () => gradient(...moved(h)));
    return y === null ? null : [asArray(y)];
  };
  return sumOfSlopes([first, requireSlope("compiled jvp of grad", gradientAt, [product2], where)]);
};
