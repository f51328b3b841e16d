/** The public API. Importing it loads no compiler: ts-morph and Binaryen come with the first compilation. */
import { nn, np, optim, random, special, tree } from "./library/index.js";
import { tensorMethods } from "./library/methods.js";
import { installMethods } from "./tensor.js";

installMethods(tensorMethods);

export { type Diagnostic, type DiagnosticKind, type Span, TscJitError } from "../compiler/diagnostics.js";
export { type CheckGradsOptions, checkGrads } from "./check-grads.js";
export { type CheckpointOptions, type CheckpointPolicy, checkpoint, checkpointName } from "./checkpoint.js";
export { customJvp, customVjp } from "./custom-rules.js";
export { type JitOptions, jit } from "./jit.js";
export type {
  AdamOptions,
  AdamState,
  LearningRate,
  Optimizer,
  SgdOptions,
  SgdState,
} from "./library/optim.js";
export { prim } from "./library/prim.js";
export { jvp, linearize, vjp } from "./linear-maps.js";
export { isTensor } from "./tensor.js";
export { type TensorOptions, tensor } from "./tensor-data.js";
export {
  type GradOptions,
  grad,
  hessian,
  jacfwd,
  jacrev,
  stopGradient,
  type VmapOptions,
  valueAndGrad,
  vmap,
} from "./transforms.js";
export type {
  CacheInfo,
  DType,
  Grad,
  Hessian,
  Jacobian,
  Jitted,
  Lowered,
  Shape,
  Stats,
  Tensor,
  TensorData,
  TensorLike,
  TypedArray,
  ValueAndGrad,
  Vmapped,
} from "./types.js";
export { nn, np, optim, random, special, tree };
