/** Conditions: decided while staging. */
import { NeedStatic, refuse, type Site } from "./machine.js";
import { needStatic } from "./reify.js";
import { describe, type Value } from "./values.js";

/** Whether a condition holds. `what` names it in messages. */
export const truth = (site: Site, value: Value, what = "the condition"): boolean => {
  if (value.kind === "static") return Boolean(value.value);
  if (value.kind !== "tensor") return true;
  const { shape } = value.v.type;
  if (shape.length > 0)
    return refuse(
      site,
      "TSJ1101",
      `${what} is ${describe(value)}: an array is neither true nor false`,
      "np.where(condition, a, b) chooses element by element; np.any and np.all make one truth value",
    );
  if (value.needs !== null && value.needs.length > 0) throw new NeedStatic(value.needs);
  // What the library tests is an argument that decides shapes.
  if (site.frame !== null && site.frame.libraryScript !== null)
    return needStatic(site, value, "an argument of this function");
  return refuse(
    site,
    "TSJ1100",
    `${what} is known only at run time`,
    "np.where(condition, a, b) computes both sides and chooses",
  );
};
