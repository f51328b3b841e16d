/** Integer division without traps: `(x op y) | 0`. By zero it gives 0; the i32 minimum divided by -1 is itself. */
import type { Emitter, Value } from "./emit.js";

export const integerDivide = (m: Emitter, x: Value, y: Value): Value => {
  const zero = m.eq(y, 0);
  if (x.type === "u32") return m.select(zero, 0, m.div(x, m.select(zero, 1, y)));
  // x / -1 = -x wraps as it should where the machine's division would overflow
  const minusOne = m.eq(y, -1);
  const quotient = m.div(x, m.select(m.or(zero, minusOne), 1, y));
  return m.select(zero, 0, m.select(minusOne, m.neg(x), quotient));
};

/** x mod 1 = x mod -1 = 0, which also stands for x mod 0. */
export const integerRemainder = (m: Emitter, x: Value, y: Value): Value => {
  const trivial = x.type === "u32" ? m.eq(y, 0) : m.or(m.eq(y, 0), m.eq(y, -1));
  return m.rem(x, m.select(trivial, 1, y));
};
