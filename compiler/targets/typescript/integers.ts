/** Sums of integers in their shortest form: (n - 1 - i) + 1 is n - i. All values are integers that doubles hold exactly. */
import { binary, type Expr, num } from "./code.js";

interface Term {
  readonly expr: Expr;
  readonly factor: number;
}
interface Linear {
  readonly terms: readonly Term[];
  readonly constant: number;
}

const keyOf = (e: Expr): string => JSON.stringify(e);

const combine = (x: Linear, y: Linear, sign: 1 | -1): Linear => {
  const terms = new Map<string, Term>();
  const add = ({ expr, factor }: Term, by: number): undefined => {
    const key = keyOf(expr);
    terms.set(key, { expr, factor: (terms.get(key)?.factor ?? 0) + by * factor });
  };
  for (const t of x.terms) add(t, 1);
  for (const t of y.terms) add(t, sign);
  return {
    terms: [...terms.values()].filter((t) => t.factor !== 0),
    constant: x.constant + sign * y.constant,
  };
};

const linearOf = (e: Expr): Linear => {
  if (e.kind === "number") return { terms: [], constant: e.value };
  if (e.kind === "binary" && (e.op === "+" || e.op === "-"))
    return combine(linearOf(e.x), linearOf(e.y), e.op === "+" ? 1 : -1);
  if (e.kind === "binary" && e.op === "*") {
    const [factor, of] =
      e.x.kind === "number" ? [e.x.value, e.y] : e.y.kind === "number" ? [e.y.value, e.x] : [1, null];
    if (of !== null) {
      const { terms, constant } = linearOf(of);
      return { terms: terms.map((t) => ({ ...t, factor: t.factor * factor })), constant: constant * factor };
    }
  }
  return { terms: [{ expr: e, factor: 1 }], constant: 0 };
};

const scaled = ({ expr, factor }: Term): Expr => {
  const by = Math.abs(factor);
  return by === 1 ? expr : binary("*", num(by), expr);
};

/** Positive terms first, so that nothing begins with a minus, which would make -0 of 0. */
const written = ({ terms, constant }: Linear): Expr => {
  const [first, ...others] = terms.filter((t) => t.factor > 0);
  const negative = terms.filter((t) => t.factor < 0);
  if (first === undefined)
    return negative.reduce((sum: Expr, t) => binary("-", sum, scaled(t)), num(constant + 0));
  const plus = others.reduce((sum, t) => binary("+", sum, scaled(t)), scaled(first));
  const all = negative.reduce((sum, t) => binary("-", sum, scaled(t)), plus);
  if (constant === 0) return all;
  // n - 1 - i reads better than n - i - 1
  if (negative.length > 0 && constant < 0)
    return negative.reduce((sum, t) => binary("-", sum, scaled(t)), binary("-", plus, num(-constant)));
  return constant > 0 ? binary("+", all, num(constant)) : binary("-", all, num(-constant));
};

export const sum = (x: Expr, y: Expr): Expr => written(combine(linearOf(x), linearOf(y), 1));
export const difference = (x: Expr, y: Expr): Expr => written(combine(linearOf(x), linearOf(y), -1));
export const product = (x: Expr, y: Expr): Expr => {
  const [factor, of] = x.kind === "number" ? [x.value, y] : y.kind === "number" ? [y.value, x] : [0, null];
  if (of === null || factor <= 0) return factor === 0 && of !== null ? num(0) : binary("*", x, y);
  const { terms, constant } = linearOf(of);
  // 8 * (i + 1) stays what it is: as 8 * i + 8 it would be longer
  if (terms.length > 1 || (terms.length === 1 && constant !== 0))
    return factor === 1 ? of : binary("*", num(factor), of);
  return written({
    terms: terms.map((t) => ({ ...t, factor: t.factor * factor })),
    constant: constant * factor,
  });
};
