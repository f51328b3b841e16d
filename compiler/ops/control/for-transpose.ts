/**
 * The transpose of a `for` that is linear in its carries: the transposed body for the last iteration first. Cotangents of
 * the carries are carried back; those of the constants are sums that every iteration adds to.
 */
import type { Builder } from "../../ir/builder.js";
import { forInputs, forOperands } from "../../ir/control.js";
import { markCount } from "../../ir/names.js";
import { isFloat, type Var } from "../../ir/types.js";
import type { MaybeVar } from "../op.js";
import { COUNTER, typesOf } from "./checks.js";
import { dependentCarries } from "./depends.js";
import { closure, isPresent, negated, pick, spread } from "./lists.js";
import { presentIn } from "./presence.js";
import type { ControlDef } from "./record.js";

export const isLinearFor: ControlDef<"for">["isLinear"] = (flags, params) => {
  const { consts, carries } = forOperands(flags, params);
  return !dependentCarries(params.body, [false, ...consts], carries).includes(false);
};

export const transposeFor: ControlDef<"for">["transpose"] = (e, b, inputs, flags, cts, sums, params) => {
  const { trip, consts, carries } = forOperands(inputs, params);
  const { consts: constVary, carries: initVary } = forOperands(flags, params);
  const { consts: constSums } = forOperands(sums, params);
  const given = pick(consts, negated(constVary));
  const nConsts = consts.length;

  // (i, known constants, cotangents of carries, sums of constants) -> (cotangents of carries, sums of constants)
  const back = (
    inner: Builder,
    i: Var,
    known: readonly Var[],
    carried: readonly MaybeVar[],
    summed: readonly MaybeVar[],
  ): readonly MaybeVar[] => {
    const args = [i, ...spread(known, negated(constVary)), ...carries.map(() => null)];
    const all = e.into(inner, params.body, args, carried, [null, ...summed, ...carries.map(() => null)]);
    return [...all.slice(1 + nConsts), ...all.slice(1, 1 + nConsts)];
  };

  // which carries and constants have a cotangent in some iteration
  const nCarries = carries.length;
  const candidates = [...carries, ...consts];
  const has = closure(
    [...isPresent(cts), ...consts.map((_, k) => constVary[k] === true && constSums[k] !== null)],
    (now) =>
      presentIn(params.body, [constVary, now.slice(0, nCarries)], () => {
        let found: readonly boolean[] = [];
        const types = [COUNTER, ...typesOf(given), ...typesOf(pick(carries, now))];
        e.build("trial", types, (inner, [i, ...args]) => {
          if (i === undefined) return [];
          const carried = spread(args.slice(given.length), now.slice(0, nCarries));
          const all = back(
            inner,
            i,
            args.slice(0, given.length),
            carried,
            consts.map(() => null),
          );
          found = all.map((v, k) => v !== null && isFloat(candidates[k]?.type.dtype ?? "bool"));
          return [];
        });
        return found;
      }),
  );
  const hasCarry = has.slice(0, nCarries);
  const hasSum = has.slice(nCarries).map((x, k) => x && constVary[k] === true);
  const starts = [
    ...pick(
      carries.map((x, k) => (hasCarry[k] === true ? (cts[k] ?? b.zerosLike(x)) : x)),
      hasCarry,
    ),
    ...pick(
      consts.map((x, k) => (hasSum[k] === true ? (constSums[k] ?? b.zerosLike(x)) : x)),
      hasSum,
    ),
  ];
  const backConsts = [...(trip === null ? [] : [trip]), ...given];
  const own = backConsts.length - given.length;
  const types = [COUNTER, ...typesOf([...backConsts, ...starts])];
  const body = e.build("body", types, (inner, [j, ...args]) => {
    if (j === undefined) return [];
    const [count] = args;
    const last =
      trip === null || count === undefined
        ? inner.scalar((params.trip ?? 0) - 1, "i32")
        : markCount(inner.sub(count, inner.scalar(1, "i32")));
    const i = markCount(inner.sub(last, j));
    const values = args.slice(backConsts.length);
    const nCarried = hasCarry.filter(Boolean).length;
    const carried = spread(values.slice(0, nCarried), hasCarry);
    const summed = spread(values.slice(nCarried), hasSum);
    const all = back(inner, i, args.slice(own, backConsts.length), carried, summed);
    return pick(
      candidates.map((x, k) => {
        const wanted = k < nCarries ? hasCarry[k] === true : hasSum[k - nCarries] === true;
        return wanted ? (all[k] ?? inner.zerosLike(x)) : x;
      }),
      [...hasCarry, ...hasSum],
    );
  });
  const outs = b.emitAll("for", forInputs({ trip, consts: backConsts, carries: starts }), {
    trip: params.trip,
    consts: backConsts.length,
    body,
  });
  const nCarried = hasCarry.filter(Boolean).length;
  const carryCts = spread(outs.slice(0, nCarried), hasCarry);
  const before = forOperands(sums, params).carries;
  return [
    ...(trip === null ? [] : [null]),
    ...spread(outs.slice(nCarried), hasSum),
    ...carryCts.map((ct, k) => {
      if (initVary[k] !== true || ct === null) return before[k] ?? null;
      const sum = before[k] ?? null;
      return sum === null ? ct : b.add(sum, ct);
    }),
  ];
};
