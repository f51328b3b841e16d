/** The effect `check`: a condition that must hold, or the program stops. */
import { internal } from "../diagnostics.js";
import { checkText, MAX_SHOWN } from "./check-text.js";
import { refuse, requireDType, requireRank0, two } from "./checks.js";
import { noDerivative, type RecordsOf } from "./elementwise.js";
import { at } from "./ndarray.js";
import { CheckError } from "./op.js";

/** The condition, the detail, and the values that the text shows. */
const operandsOf = <T>(inputs: readonly T[]): readonly [T, T, readonly T[]] => {
  const [cond, detail] = two("check", inputs.slice(0, 2));
  if (inputs.length > 2 + MAX_SHOWN) refuse("check", `shows at most ${MAX_SHOWN} values`, "type");
  return [cond, detail, inputs.slice(2)];
};

export const assertOps: RecordsOf<"check"> = {
  // out = cond; stops the program where cond is false
  check: {
    name: "check",
    infer: (inputs) => {
      const [cond, detail, values] = operandsOf(inputs);
      for (const x of values) {
        requireDType("check", x, ["f64"]);
        requireRank0("check", "a value", x);
      }
      requireDType("check", cond, ["bool"]);
      requireDType("check", detail, ["i32"]);
      requireRank0("check", "the condition", cond);
      requireRank0("check", "the detail", detail);
      return cond;
    },
    eval: (inputs, { code, message }) => {
      const [cond, detail, values] = operandsOf(inputs);
      if (at(cond.data, 0) === 0) {
        const shown = values.map((x) => at(x.data, 0));
        throw new CheckError(code, checkText(message, at(detail.data, 0), shown));
      }
      return cond;
    },
    ad: noDerivative,
    // all examples must hold; the detail is that of the first that does not
    batch: (b, inputs, [condBatched, ...batched], size, params) => {
      const [cond, detail, values] = operandsOf(inputs);
      if (condBatched !== true && !batched.includes(true)) return internal("check: nothing is batched");
      const shape = [size];
      if (size === 0) return b.splat(1, { dtype: "bool", shape });
      const index = b.scalar(0, "i32");
      const number = b.cast(cond, "i32");
      const first = condBatched === true ? b.emit("argmin", [number], { axis: 0 }) : index;
      const pick = (x: typeof cond): typeof cond =>
        b.emit("gather", [x, first], { axis: 0, batch: 0, mode: "clamp" });
      const all = condBatched === true ? pick(cond) : cond;
      const told = [detail, ...values].map((x, k) => (batched[k] === true ? pick(x) : x));
      return b.broadcastScalar(b.emit("check", [all, ...told], params), shape);
    },
  },
};
