/** Cases of the effect `check`: conditions that hold. */
import type { CasesOf } from "./cases.js";
import { integers, oneOf } from "./samplers.js";

const holds = oneOf([1]);

export const assertCases: CasesOf<"check"> = {
  check: () => [
    {
      op: "check",
      operands: [
        { type: { dtype: "bool", shape: [] }, smooth: holds, any: holds },
        { type: { dtype: "i32", shape: [] }, smooth: integers(-5, 5), any: integers(-5, 5) },
      ],
      params: { code: "TSJ6000", message: "{} is wrong" },
    },
  ],
};
