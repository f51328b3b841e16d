/** The mark `name`: a value that the policy of a checkpoint can keep. */
import { one } from "./checks.js";
import { batchElementwise, type RecordsOf } from "./elementwise.js";

export const namingOps: RecordsOf<"name"> = {
  // out = x
  name: {
    name: "name",
    infer: (inputs) => one("name", inputs),
    eval: (inputs) => one("name", inputs),
    ad: { kind: "linear", transpose: (_b, ct) => [ct] },
    batch: batchElementwise("name"),
  },
};
