/** The types of compiled functions: what jit, grad, vmap and the others make of a function's type. */
import type {
  Callable,
  Inspectable,
  IsNumberArray,
  PlainArgs,
  PlainResult,
  Static,
  Tensor,
  TensorArgs,
  TensorMembers,
  TensorResult,
  TypedArray,
} from "./types.js";

/** The gradient with respect to a parameter: its structure, with an array of numbers as one tensor. */
type GradientOf<P, Leaf> = unknown extends P
  ? P
  : P extends TensorMembers
    ? P
    : P extends number
      ? Leaf
      : P extends TypedArray
        ? Tensor
        : IsNumberArray<P> extends true
          ? Tensor
          : P extends Static
            ? P
            : { [K in keyof P]: GradientOf<P[K], Leaf> };

/** An argument's type, by its index as a text: "0" the first, "-1" the last, any for a number that is not known; undefined for one that the function does not have. */
type At<P extends readonly unknown[], N> = `${number}` extends N
  ? P[number]
  : N extends `-${infer M}`
    ? FromLast<Required<P>, M>
    : N extends keyof P
      ? P[N]
      : number extends P["length"]
        ? P[number]
        : undefined;
/** "1" is the last. A list of any length has nothing there that is known. */
type FromLast<
  P extends readonly unknown[],
  M,
  Passed extends readonly unknown[] = [unknown],
> = number extends P["length"]
  ? P[number]
  : P extends readonly [...infer Rest, infer Last]
    ? `${Passed["length"]}` extends M
      ? Last
      : FromLast<Rest, M, [...Passed, unknown]>
    : undefined;

/** `argnums` as a number: that parameter's gradient; as a list: a tuple of gradients. */
export type Gradients<P extends readonly unknown[], N extends ArgNums, Leaf> = N extends number
  ? GradientOf<At<P, N extends number ? `${N}` : never>, Leaf>
  : { -readonly [K in keyof N]: GradientOf<At<P, N[K] extends number ? `${N[K]}` : never>, Leaf> };

export type ArgNums = number | readonly number[];

type AuxOf<R> = R extends readonly [unknown, infer A] ? A : never;
type ValueOf<R, Aux extends boolean> = Aux extends true
  ? R extends readonly [infer V, unknown]
    ? V
    : never
  : R;

/** A function that can be differentiated as it is: one number as its result. */
export type ScalarFunction = (...args: never[]) => number;
/** One that hands further results through. */
export type ScalarWithAux = (...args: never[]) => readonly [number, unknown];

/** `N` where it names arguments that a function has and that hold numbers; never where it does not. */
export type InRange<P extends readonly unknown[], N extends ArgNums> = N extends number
  ? IsArgument<P, N>
  : N extends readonly number[]
    ? N[number] extends IsArgument<P, N[number]>
      ? N
      : never
    : never;
type IsArgument<P extends readonly unknown[], N extends number> = number extends N
  ? N
  : N extends number
    ? At<P, `${N}`> extends infer A
      ? unknown extends A
        ? N
        : [A] extends [Static]
          ? never
          : N
      : never
    : never;

/** A compiled `F`: plain numbers in, plain numbers out; as soon as an array goes in, tensors come out. */
export interface Jitted<F extends Callable> extends Inspectable<Parameters<F>, F> {
  (...args: PlainArgs<Parameters<F>>): PlainResult<ReturnType<F>>;
  (...args: TensorArgs<Parameters<F>>): TensorResult<ReturnType<F>>;
}

/** `grad(fn)`: the gradient, or `[gradient, aux]`. */
export interface Grad<F extends Callable, N extends ArgNums = 0, Aux extends boolean = false>
  extends Inspectable<Parameters<F>, PlainGrad<F, N, Aux>> {
  (
    ...args: PlainArgs<Parameters<F>>
  ): WithAux<Gradients<Parameters<F>, N, number>, PlainResult<AuxOf<ReturnType<F>>>, Aux>;
  (
    ...args: TensorArgs<Parameters<F>>
  ): WithAux<Gradients<Parameters<F>, N, Tensor>, TensorResult<AuxOf<ReturnType<F>>>, Aux>;
}
/** The functions that the transforms compute, as plain ones: what other transforms of them see. */
type PlainGrad<F extends Callable, N extends ArgNums, Aux extends boolean> = (
  ...args: Parameters<F>
) => WithAux<Gradients<Parameters<F>, N, number>, AuxOf<ReturnType<F>>, Aux>;
type PlainValueAndGrad<F extends Callable, N extends ArgNums> = (
  ...args: Parameters<F>
) => [ReturnType<F>, Gradients<Parameters<F>, N, number>];
type PlainJacobian<F extends Callable, N extends ArgNums, Aux extends boolean> = (
  ...args: Parameters<F>
) => WithAux<
  AtLeaves<ValueOf<ReturnType<F>, Aux>, Gradients<Parameters<F>, N, number>>,
  AuxOf<ReturnType<F>>,
  Aux
>;
type PlainHessian<F extends Callable, N extends ArgNums, Aux extends boolean> = (
  ...args: Parameters<F>
) => WithAux<
  AtLeaves<
    AtLeaves<ValueOf<ReturnType<F>, Aux>, Gradients<Parameters<F>, N, number>>,
    Gradients<Parameters<F>, N, number>
  >,
  AuxOf<ReturnType<F>>,
  Aux
>;
type WithAux<G, A, Aux extends boolean> = Aux extends true ? [G, A] : G;

/** `valueAndGrad(fn)`: `[value, gradient]`, or `[[value, aux], gradient]`. */
export interface ValueAndGrad<F extends Callable, N extends ArgNums = 0, Aux extends boolean = false>
  extends Inspectable<Parameters<F>, PlainValueAndGrad<F, N>> {
  (
    ...args: PlainArgs<Parameters<F>>
  ): [
    WithAux<PlainResult<ValueOf<ReturnType<F>, Aux>>, PlainResult<AuxOf<ReturnType<F>>>, Aux>,
    Gradients<Parameters<F>, N, number>,
  ];
  (
    ...args: TensorArgs<Parameters<F>>
  ): [
    WithAux<TensorResult<ValueOf<ReturnType<F>, Aux>>, TensorResult<AuxOf<ReturnType<F>>>, Aux>,
    Gradients<Parameters<F>, N, Tensor>,
  ];
}

/** A result with, at each of its leaves, derivatives `G`. */
type AtLeaves<R, G> = unknown extends R
  ? R
  : R extends TensorMembers | number | TypedArray
    ? G
    : IsNumberArray<R> extends true
      ? G
      : R extends Static
        ? R
        : { [K in keyof R]: AtLeaves<R[K], G> };

/** `jacfwd(fn)` and `jacrev(fn)`: the Jacobian, or `[jacobian, aux]`. */
export interface Jacobian<F extends Callable, N extends ArgNums = 0, Aux extends boolean = false>
  extends Inspectable<Parameters<F>, PlainJacobian<F, N, Aux>> {
  (
    ...args: PlainArgs<Parameters<F>>
  ): WithAux<
    AtLeaves<ValueOf<ReturnType<F>, Aux>, Gradients<Parameters<F>, N, number>>,
    PlainResult<AuxOf<ReturnType<F>>>,
    Aux
  >;
  (
    ...args: TensorArgs<Parameters<F>>
  ): WithAux<
    AtLeaves<ValueOf<ReturnType<F>, Aux>, Gradients<Parameters<F>, N, Tensor>>,
    TensorResult<AuxOf<ReturnType<F>>>,
    Aux
  >;
}

/** `hessian(fn)`: second derivatives, or `[hessian, aux]`. */
export interface Hessian<F extends Callable, N extends ArgNums = 0, Aux extends boolean = false>
  extends Inspectable<Parameters<F>, PlainHessian<F, N, Aux>> {
  (
    ...args: PlainArgs<Parameters<F>>
  ): WithAux<
    AtLeaves<
      AtLeaves<ValueOf<ReturnType<F>, Aux>, Gradients<Parameters<F>, N, number>>,
      Gradients<Parameters<F>, N, number>
    >,
    PlainResult<AuxOf<ReturnType<F>>>,
    Aux
  >;
  (
    ...args: TensorArgs<Parameters<F>>
  ): WithAux<
    AtLeaves<
      AtLeaves<ValueOf<ReturnType<F>, Aux>, Gradients<Parameters<F>, N, Tensor>>,
      Gradients<Parameters<F>, N, Tensor>
    >,
    TensorResult<AuxOf<ReturnType<F>>>,
    Aux
  >;
}

/** `vmap(fn)`: takes and gives tensors with one more axis. */
export interface Vmapped<F extends Callable>
  extends Inspectable<Parameters<F>, (...args: TensorArgs<Parameters<F>>) => TensorResult<ReturnType<F>>> {
  (...args: TensorArgs<Parameters<F>>): TensorResult<ReturnType<F>>;
}
