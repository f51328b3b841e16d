/** Programs around loops, for the checks of control ops. */
import type { ControlCase } from "./control-cases.js";
import { integers, uniform } from "./samplers.js";

const real = uniform(-2, 2);
const positive = uniform(0.5, 1.5);

/** x[i + 1] = sin(x[i]) a, in place, and the sum of what was written. */
const recurrence = (trip: number | null): string => `fn f(%0:f64[], %1:f64[6], %2:i32[]) {
  %3:f64[] = const {value=0, dtype=f64, shape=[]}
  %4:f64[6], %5:f64[] = for ${trip === null ? "%2 " : ""}%0 %1 %3 {trip=${trip}, consts=1} body(%0:i32[], %1:f64[], %2:f64[6], %3:f64[]) {
    %4:f64[1] = dynamicSlice %2 %0 {sizes=[1], mode=check}
    %5:f64[] = reshape %4 {shape=[]}
    %6:f64[] = sin %5
    %7:f64[] = mul %6 %1
    %8:i32[] = const {value=1, dtype=i32, shape=[]}
    %9:i32[] = add %0 %8
    %10:f64[1] = reshape %7 {shape=[1]}
    %11:f64[6] = dynamicUpdate %2 %10 %9 {mode=check}
    %12:f64[] = add %3 %7
    return %11, %12
  }
  return %4, %5
}`;

export const forCases: readonly ControlCase[] = [
  ...[0, 1, 5, null].map((trip) => ({
    name: `an array updated in place, trip ${trip ?? "of run time"}`,
    values: [positive, real, integers(0, 5)],
    text: recurrence(trip),
  })),
  {
    name: "carries that change places, of which one gets a tangent from the other",
    values: [real],
    text: `fn f(%0:f64[]) {
      %1:f64[] = const {value=0.5, dtype=f64, shape=[]}
      %2:f64[], %3:f64[] = for %0 %1 {trip=3, consts=0} body(%0:i32[], %1:f64[], %2:f64[]) {
        %3:f64[] = mul %1 %2
        %4:f64[] = add %3 %1
        return %4, %1
      }
      return %2, %3
    }`,
  },
  {
    name: "a linear body, read twice at places of run time",
    values: [real, integers(0, 3)],
    text: `fn f(%0:f64[5], %1:i32[]) {
      %2:f64[] = const {value=0, dtype=f64, shape=[]}
      %3:f64[] = for %1 %0 %1 %2 {trip=null, consts=2} body(%0:i32[], %1:f64[5], %2:i32[], %3:f64[]) {
        %4:f64[2] = dynamicSlice %1 %0 {sizes=[2], mode=inside}
        %5:f64[2] = dynamicSlice %1 %2 {sizes=[2], mode=inside}
        %6:f64[2] = add %4 %5
        %7:f64[] = reduceSum %6 {axes=[0]}
        %8:f64[] = add %3 %7
        return %8
      }
      %4:f64[5] = mul %0 %0
      return %3, %4
    }`,
  },
  {
    name: "a loop in a loop, whose inner count grows",
    values: [positive],
    text: `fn f(%0:f64[]) {
      %1:f64[] = const {value=1, dtype=f64, shape=[]}
      %2:f64[] = for %0 %1 {trip=4, consts=1} body(%0:i32[], %1:f64[], %2:f64[]) {
        %3:f64[] = for %0 %1 %2 {trip=null, consts=1} body(%0:i32[], %1:f64[], %2:f64[]) {
          %3:f64[] = sin %2
          %4:f64[] = mul %3 %1
          return %4
        }
        %4:f64[] = exp %3
        return %4
      }
      return %2
    }`,
  },
];

export const whileCases: readonly ControlCase[] = [
  {
    name: "a count, and a carry that is multiplied by a constant that varies",
    values: [positive, real, integers(0, 5)],
    text: `fn f(%0:f64[], %1:f64[2], %2:i32[]) {
      %3:i32[] = const {value=0, dtype=i32, shape=[]}
      %4:i32[], %5:f64[2] = while %2 %0 %3 %1 {consts=2} cond(%0:i32[], %1:f64[], %2:i32[], %3:f64[2]) {
        %4:bool[] = lt %2 %0
        return %4
      } body(%0:i32[], %1:f64[], %2:i32[], %3:f64[2]) {
        %4:f64[2] = sin %3
        %5:f64[2] = broadcast %1 {shape=[2], dims=[]}
        %6:f64[2] = mul %4 %5
        %7:i32[] = const {value=1, dtype=i32, shape=[]}
        %8:i32[] = add %2 %7
        return %8, %6
      }
      return %5, %4
    }`,
  },
  {
    name: "a condition on what varies, a condition in the body",
    // doubles until 20 is passed: 0.8 2^5 = 25.6 at 5 steps, 1.1 2^5 = 35.2 too, in between no power of two reaches 20
    values: [uniform(0.8, 1.1)],
    text: `fn f(%0:f64[]) {
      %1:f64[], %2:f64[] = while %0 %0 {consts=0} cond(%0:f64[], %1:f64[]) {
        %2:f64[] = const {value=20, dtype=f64, shape=[]}
        %3:bool[] = lt %0 %2
        return %3
      } body(%0:f64[], %1:f64[]) {
        %2:f64[] = add %0 %0
        %3:f64[] = const {value=5, dtype=f64, shape=[]}
        %4:bool[] = gt %0 %3
        %5:f64[] = if %4 %1 then(%0:f64[]) {
          %1:f64[] = sin %0
          return %1
        } else(%0:f64[]) {
          %1:f64[] = mul %0 %0
          return %1
        }
        return %2, %5
      }
      %3:f64[] = mul %1 %2
      return %3
    }`,
  },
  {
    name: "a loop in a loop in a loop",
    values: [positive],
    text: `fn f(%0:f64[]) {
      %1:i32[] = const {value=3, dtype=i32, shape=[]}
      %2:i32[], %3:f64[] = while %0 %1 %0 {consts=1} cond(%0:f64[], %1:i32[], %2:f64[]) {
        %3:i32[] = const {value=0, dtype=i32, shape=[]}
        %4:bool[] = gt %1 %3
        return %4
      } body(%0:f64[], %1:i32[], %2:f64[]) {
        %3:f64[] = for %0 %2 {trip=2, consts=1} body(%0:i32[], %1:f64[], %2:f64[]) {
          %3:i32[], %4:f64[] = while %1 %0 %2 {consts=1} cond(%0:f64[], %1:i32[], %2:f64[]) {
            %3:i32[] = const {value=2, dtype=i32, shape=[]}
            %4:bool[] = lt %1 %3
            return %4
          } body(%0:f64[], %1:i32[], %2:f64[]) {
            %3:f64[] = mul %2 %0
            %4:f64[] = cos %3
            %5:i32[] = const {value=1, dtype=i32, shape=[]}
            %6:i32[] = add %1 %5
            return %6, %4
          }
          return %4
        }
        %4:i32[] = const {value=-1, dtype=i32, shape=[]}
        %5:i32[] = add %1 %4
        return %5, %3
      }
      return %3
    }`,
  },
];
