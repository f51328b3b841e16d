/** The effect `check`: a condition that must hold, or the program stops. */
import { internal } from "../diagnostics.js";
import { requireDType, requireRank0, two } from "./checks.js";
import { noDerivative, type RecordsOf } from "./elementwise.js";
import { at } from "./ndarray.js";
import { CheckError } from "./op.js";

/** The text of a failed check: `{}` stands for the detail. */
export const checkMessage = (message: string, detail: number): string =>
  message.replaceAll("{}", String(detail));

export const assertOps: RecordsOf<"check"> = {
  // out = cond; stops the program where cond is false
  check: {
    name: "check",
    infer: (inputs) => {
      const [cond, detail] = two("check", inputs);
      requireDType("check", cond, ["bool"]);
      requireDType("check", detail, ["i32"]);
      requireRank0("check", "the condition", cond);
      requireRank0("check", "the detail", detail);
      return cond;
    },
    eval: (inputs, { code, message }) => {
      const [cond, detail] = two("check", inputs);
      if (at(cond.data, 0) === 0) throw new CheckError(code, checkMessage(message, at(detail.data, 0)));
      return cond;
    },
    ad: noDerivative,
    // all examples must hold; the detail is that of the first that does not
    batch: (b, inputs, [condBatched, detailBatched], size, params) => {
      const [cond, detail] = two("check", inputs);
      if (condBatched !== true && detailBatched !== true) return internal("check: nothing is batched");
      const shape = [size];
      if (size === 0) return b.splat(1, { dtype: "bool", shape });
      const index = b.scalar(0, "i32");
      const number = b.cast(cond, "i32");
      const first = condBatched === true ? b.emit("argmin", [number], { axis: 0 }) : index;
      const pick = (x: typeof cond): typeof cond =>
        b.emit("gather", [x, first], { axis: 0, batch: 0, mode: "clamp" });
      const all = condBatched === true ? pick(cond) : cond;
      const told = detailBatched === true ? pick(detail) : detail;
      return b.broadcastScalar(b.emit("check", [all, told], params), shape);
    },
  },
};
