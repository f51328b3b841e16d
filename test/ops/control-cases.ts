/**
 * Programs around every op with regions and around arrays without end, with values at which they are smooth. Exhaustive over
 * the control ops: a new one without programs does not compile.
 */
import type { ControlOp } from "../../compiler/ir/types.js";
import { forCases, whileCases } from "./loop-cases.js";
import { integers, oneOf, type Sampler, uniform } from "./samplers.js";

export interface ControlCase {
  readonly name: string;
  readonly text: string;
  /** Values of the params, in order. */
  readonly values: readonly Sampler[];
  /** Why forward mode goes through none of its equations: differences judge the reverse alone. */
  readonly onlyReverse?: boolean;
}

const real = uniform(-2, 2);
const positive = uniform(0.5, 1.5);
const flag = integers(0, 1);

const ifCases: readonly ControlCase[] = [
  {
    name: "both sides non-linear, with residuals of their own",
    values: [flag, real, positive],
    text: `fn f(%0:bool[], %1:f64[3], %2:f64[3]) {
      %3:f64[3], %4:f64[] = if %0 %1 %2 then(%0:f64[3], %1:f64[3]) {
        %2:f64[3] = sin %0
        %3:f64[3] = mul %2 %1
        %4:f64[] = reduceSum %3 {axes=[0]}
        return %3, %4
      } else(%0:f64[3], %1:f64[3]) {
        %2:f64[3] = log %1
        %3:f64[] = reduceMax %0 {axes=[0]}
        %4:f64[] = mul %3 %3
        return %2, %4
      }
      %5:f64[3] = mul %3 %1
      return %5, %4
    }`,
  },
  {
    name: "a side that hands an operand through, and one that is constant",
    values: [flag, real],
    text: `fn f(%0:bool[], %1:f64[3]) {
      %2:f64[3] = exp %1
      %3:f64[3] = if %0 %2 then(%0:f64[3]) {
        return %0
      } else(%0:f64[3]) {
        %1:f64[3] = const {value=2, dtype=f64, shape=[3]}
        return %1
      }
      %4:f64[3] = mul %3 %1
      return %4
    }`,
  },
  {
    name: "a condition that is computed, a condition inside of a side, an integer result",
    values: [oneOf([-1.5, -0.7, 0.6, 1.3, 1.9])],
    text: `fn f(%0:f64[]) {
      %1:f64[] = const {value=0, dtype=f64, shape=[]}
      %2:bool[] = gt %0 %1
      %3:f64[], %4:i32[] = if %2 %0 then(%0:f64[]) {
        %1:f64[] = const {value=1, dtype=f64, shape=[]}
        %2:bool[] = gt %0 %1
        %3:f64[] = if %2 %0 then(%0:f64[]) {
          %1:f64[] = mul %0 %0
          return %1
        } else(%0:f64[]) {
          %1:f64[] = sqrt %0
          return %1
        }
        %4:i32[] = const {value=7, dtype=i32, shape=[]}
        return %3, %4
      } else(%0:f64[]) {
        %1:f64[] = cos %0
        %2:i32[] = const {value=2, dtype=i32, shape=[]}
        return %1, %2
      }
      %5:f64[] = cast %4 {dtype=f64}
      %6:f64[] = mul %3 %5
      return %6, %4
    }`,
  },
];

const customCases: readonly ControlCase[] = [
  {
    name: "a rule that is the derivative, with a constant beside the arguments",
    values: [positive, real],
    text: `fn f(%0:f64[3], %1:f64[3]) {
      %2:f64[3] = const {value=0.5, dtype=f64, shape=[3]}
      %3:f64[3] = custom %2 %1 {consts=1} body(%0:f64[3], %1:f64[3]) {
        %2:f64[3] = sin %1
        %3:f64[3] = mul %0 %2
        return %3
      } rule(%0:f64[3], %1:f64[3], %2:f64[3]) {
        %3:f64[3] = sin %1
        %4:f64[3] = mul %0 %3
        %5:f64[3] = cos %1
        %6:f64[3] = mul %0 %5
        %7:f64[3] = mul %6 %2
        return %4, %7
      }
      %4:f64[3] = mul %3 %0
      return %4
    }`,
  },
  {
    name: "in a loop and on one side of a condition",
    values: [positive, flag],
    text: `fn f(%0:f64[], %1:bool[]) {
      %2:f64[] = for %1 %0 {trip=3, consts=1} body(%0:i32[], %1:bool[], %2:f64[]) {
        %3:f64[] = if %1 %2 then(%0:f64[]) {
          %1:f64[] = custom %0 {consts=0} body(%0:f64[]) {
            %1:f64[] = exp %0
            %2:f64[] = sin %1
            return %2
          } rule(%0:f64[], %1:f64[]) {
            %2:f64[] = exp %0
            %3:f64[] = sin %2
            %4:f64[] = cos %2
            %5:f64[] = mul %4 %2
            %6:f64[] = mul %5 %1
            return %3, %6
          }
          return %1
        } else(%0:f64[]) {
          %1:f64[] = mul %0 %0
          return %1
        }
        return %3
      }
      return %2
    }`,
  },
];

const fromTransposeCases: readonly ControlCase[] = [
  {
    name: "a linear map given by its transpose, residuals of which vary",
    values: [positive, real],
    onlyReverse: true,
    text: `fn f(%0:f64[3], %1:f64[3]) {
      %2:f64[3] = sin %0
      %3:f64[3] = custom %2 %1 {consts=0} body(%0:f64[3], %1:f64[3]) {
        %2:f64[3] = mul %0 %1
        return %2
      } rule(%0:f64[3], %1:f64[3], %2:f64[3], %3:f64[3]) {
        %4:f64[3] = mul %0 %1
        %5:f64[3] = fromTranspose %0 %1 %2 %3 {known=2} transpose(%0:f64[3], %1:f64[3], %2:f64[3]) {
          %3:f64[3] = mul %1 %2
          %4:f64[3] = mul %0 %2
          return %3, %4
        }
        return %4, %5
      }
      %4:f64[3] = mul %3 %3
      return %4
    }`,
  },
];

const checkpointCases: readonly ControlCase[] = (["[]", '["rest"]', '["name h"]'] as const).map((save) => ({
  name: `save ${save}: in a loop, with a region inside`,
  values: [positive, real],
  text: `fn f(%0:f64[], %1:f64[3]) {
    %2:f64[3] = for %0 %1 {trip=3, consts=1} body(%0:i32[], %1:f64[], %2:f64[3]) {
      %3:f64[3] = checkpoint %1 %2 {run=first, save=${save}} body(%0:f64[], %1:f64[3]) {
        %2:f64[3] = broadcast %0 {shape=[3], dims=[]}
        %3:f64[3] = mul %1 %2
        %7:f64[3] = sin %3
        %4:f64[3] = name %7 {name="h"}
        %5:f64[3] = for %4 {trip=2, consts=0} body(%0:i32[], %1:f64[3]) {
          %2:f64[3] = mul %1 %1
          %3:f64[3] = cos %2
          return %3
        }
        %6:f64[3] = mul %5 %1
        return %6
      }
      return %3
    }
    return %2
  }`,
}));

/** An array without end: a row is written, a part of it again, and read twice, as is one that was never written. */
const TAPES: readonly ControlCase[] = [
  {
    name: "rows written, overwritten and read",
    values: [real, positive],
    text: `fn f(%0:f64[2], %1:f64[]) {
      %2:f64[Infinity,2] = const {value=0, dtype=f64, shape=[Infinity,2]}
      %3:i32[] = const {value=5, dtype=i32, shape=[]}
      %4:i32[] = const {value=0, dtype=i32, shape=[]}
      %5:f64[1,2] = reshape %0 {shape=[1,2]}
      %6:f64[Infinity,2] = dynamicUpdate %2 %5 %3 %4 {mode=clamp}
      %7:f64[1,1] = reshape %1 {shape=[1,1]}
      %8:i32[] = const {value=1, dtype=i32, shape=[]}
      %9:f64[Infinity,2] = dynamicUpdate %6 %7 %3 %8 {mode=clamp}
      %10:f64[1,2] = dynamicSlice %9 %3 %4 {sizes=[1,2], mode=clamp}
      %11:f64[1,1] = dynamicSlice %9 %3 %8 {sizes=[1,1], mode=clamp}
      %12:f64[1,2] = dynamicSlice %9 %8 %4 {sizes=[1,2], mode=clamp}
      %13:f64[1,2] = mul %10 %10
      %14:f64[1,2] = add %13 %12
      %15:f64[1,1] = sin %11
      return %14, %15
    }`,
  },
];

/** What is read of a value at several places, whose cotangent is added up in place. */
const READS: readonly ControlCase[] = [
  {
    name: "blocks of one array, overlapping, and elements gathered twice",
    values: [real, integers(0, 3), integers(0, 5)],
    text: `fn f(%0:f64[6], %1:i32[], %2:i32[4]) {
      %3:f64[6] = mul %0 %0
      %4:f64[3] = dynamicSlice %3 %1 {sizes=[3], mode=check}
      %5:i32[] = const {value=1, dtype=i32, shape=[]}
      %6:f64[3] = dynamicSlice %3 %5 {sizes=[3], mode=inside}
      %7:f64[4] = gather %3 %2 {axis=0, batch=0, mode=check}
      %8:f64[3] = mul %4 %6
      %9:f64[6] = dynamicUpdate %3 %8 %1 {mode=check}
      %10:f64[4] = sin %7
      %11:f64[6] = scatterAdd %9 %2 %10 {axis=0, batch=0, mode=check}
      %12:f64[6] = dynamicUpdate %11 %6 %5 {mode=inside}
      return %12, %8, %3
    }`,
  },
];

export const controlCases: { readonly [K in ControlOp | "tape" | "reads"]: readonly ControlCase[] } = {
  if: ifCases,
  for: forCases,
  while: whileCases,
  custom: customCases,
  fromTranspose: fromTransposeCases,
  checkpoint: checkpointCases,
  tape: TAPES,
  reads: READS,
};
