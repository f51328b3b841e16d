/** The library's namespaces. Every function is written in the language itself, over the primitives. */
import { registerNamespace } from "../../compiler/frontend/registry.js";
import * as creation from "./creation.js";
import * as elementwise from "./elementwise.js";
import * as nnFunctions from "./nn.js";
import * as optimFunctions from "./optim.js";
import * as products from "./products.js";
import * as randomFunctions from "./random.js";
import * as reductions from "./reductions.js";
import * as shapes from "./shapes.js";
import { treeLeaves, treeMap } from "./tree.js";

const { variance, logsumexp: _nn, ...reductionFunctions } = reductions;
const { norm, ...productFunctions } = products;
const { sliceIn, ...shapeFunctions } = shapes;

/** NumPy's functions under NumPy's names in camelCase. */
export const np = registerNamespace("np", {
  ...creation,
  ...elementwise,
  ...reductionFunctions,
  ...shapeFunctions,
  ...productFunctions,
  var: variance,
  slice: sliceIn,
  linalg: registerNamespace("np.linalg", { norm }),
  pi: Math.PI,
  e: Math.E,
  inf: Infinity,
  nan: Number.NaN,
});
export const nn = registerNamespace("nn", { ...nnFunctions });
export const random = registerNamespace("random", { ...randomFunctions });
export const optim = registerNamespace("optim", { ...optimFunctions });
export const tree = registerNamespace("tree", { map: treeMap, leaves: treeLeaves });
