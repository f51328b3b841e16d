/** All the ways there are to a derivative: tests of nesting take any of them inside any other. */
import {
  grad,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  np,
  type Tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "../../runtime/index.js";

export type Scalar = (x: number) => number;
/** f'(x). */
export type Derivative = (f: Scalar, x: number) => number;

const forward: Derivative = (f, x) => jvp(f, [x], [1])[1];

/** One of each mode. */
export const FORWARD_AND_REVERSE: Readonly<Record<string, Derivative>> = {
  forward,
  reverse: (f, x) => grad(f)(x),
};

/** Forward and reverse mode, each as one product and as a Jacobian. */
export const DERIVATIVES: Readonly<Record<string, Derivative>> = {
  jvp: forward,
  grad: (f, x) => grad(f)(x),
  linearize: (f, x) => linearize(f, x)[1](1),
  vjp: (f, x) => vjp(f, x)[1](1)[0],
  jacfwd: (f, x) => jacfwd(f)(x),
  jacrev: (f, x) => jacrev(f)(x),
  valueAndGrad: (f, x) => valueAndGrad(f)(x)[1],
};

/** The mean over a batch of two equal examples. */
const meanOfTwo = (f: (x: number) => number, x: number): number => np.sum(vmap(f)(np.stack([x, x]))) * 0.5;

/** The same with `jit` or `vmap` somewhere between. */
export const WRAPPED: Readonly<Record<string, Derivative>> = {
  "jit of grad of jit": (f, x) => jit(grad(jit(f)))(x),
  "jit of jvp of jit": (f, x) => jit((y: number) => forward(jit(f), y))(x),
  "vmap of grad": (f, x) => {
    const slope = grad(f);
    return meanOfTwo((y: number) => slope(y), x);
  },
  "vmap of jvp": (f, x) => meanOfTwo((y: number) => forward(f, y), x),
  "grad of vmap": (f, x) => grad((y: number) => meanOfTwo(f, y))(x),
  "jvp of vmap": (f, x) => forward((y: number) => meanOfTwo(f, y), x),
  "grad in a loop": (f, x) => {
    let sum = 0;
    for (let k = 0; k < 16; k++) sum += grad(f)(x) * 0.0625;
    return sum;
  },
  "jvp in a while": (f, x) => {
    let slope = 0;
    while (slope * 0 + x * 0 === 0) {
      slope = forward(f, x);
      break;
    }
    return slope;
  },
};

/** f'(x) of a function of an array: an array of x's shape. */
export type Gradient = (f: (x: Tensor) => number, x: Tensor) => Tensor;

export const GRADIENTS: Readonly<Record<string, Gradient>> = {
  grad: (f, x) => grad(f)(x),
  jacfwd: (f, x) => jacfwd(f)(x),
  jacrev: (f, x) => jacrev(f)(x),
  vjp: (f, x) => vjp(f, x)[1](1)[0] as Tensor,
  "jvp along each axis": (f, x) => {
    const columns = np.eye(x.size, x.size, 0, "f64");
    return vmap((t: Tensor) => jvp(f, [x], [np.reshape(t, x.shape)])[1])(columns) as Tensor;
  },
};

/** Calls `use` with every pair of a record's entries. */
export const forEachPair = <T>(
  of: Readonly<Record<string, T>>,
  use: (name: string, outer: T, inner: T) => void,
): void => {
  for (const [a, outer] of Object.entries(of))
    for (const [b, inner] of Object.entries(of)) use(`${a} of ${b}`, outer, inner);
};
