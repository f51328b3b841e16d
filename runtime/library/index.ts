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
import * as specialFunctions from "./special.js";
import { treeLeaves, treeMap } from "./tree.js";

const { variance, logsumexp: _nn, ...reductionFunctions } = reductions;
const { norm, ...productFunctions } = products;
const { sliceIn, ...shapeFunctions } = shapes;

/** What has another name in np than in its module. */
interface RenamedInNp {
  /** Mean squared distance from the mean along `axis` (one, a list, or all); `ddof` is taken from the divisor. */
  readonly var: typeof variance;
  /** Elements `start` to `stop` (exclusive) along `axis`; negative ends count from the back. */
  readonly slice: typeof sliceIn;
  readonly linalg: {
    /** Euclidean length, over all elements or along `axis`. The gradient at 0 is NaN, as in JAX. */
    readonly norm: typeof norm;
  };
  readonly pi: number;
  readonly e: number;
  readonly inf: number;
  readonly nan: number;
}

/** Types by module, so that each function keeps its documentation in the declarations. */
type Np = typeof creation &
  typeof elementwise &
  Omit<typeof reductions, "variance" | "logsumexp"> &
  Omit<typeof shapes, "sliceIn"> &
  Omit<typeof products, "norm"> &
  RenamedInNp;

/** NumPy's functions under NumPy's names in camelCase. */
export const np: Np = registerNamespace("np", {
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
/** Activations, normalisations and losses. */
export const nn: typeof nnFunctions = registerNamespace("nn", { ...nnFunctions });
/** Special functions, under the names of jax.scipy.special. */
export const special: typeof specialFunctions = registerNamespace("special", { ...specialFunctions });
/** Random numbers from keys, bit for bit JAX's: the same key gives the same numbers, `split` makes more keys. */
export const random: typeof randomFunctions = registerNamespace("random", { ...randomFunctions });
/** Optimizers over trees of parameters: `init(params)`, `update(grads, state, params)`, `applyUpdates(params, updates)`. */
export const optim: typeof optimFunctions = registerNamespace("optim", { ...optimFunctions });

interface Tree {
  /** `f` of the leaves at each place of trees of the same structure. */
  readonly map: typeof treeMap;
  /** All leaves, depth first, in key order. */
  readonly leaves: typeof treeLeaves;
}
/** Functions over nested objects and arrays with numbers or tensors at the leaves. */
export const tree: Tree = registerNamespace("tree", { map: treeMap, leaves: treeLeaves });
