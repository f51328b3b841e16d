/** The types of jvp, vjp and linearize. */
import type {
  Callable,
  Cotangent,
  PlainArgs,
  PlainOf,
  PlainResult,
  TensorArgs,
  TensorResult,
  Unresolved,
} from "./types.js";

/** Of a function that gives `[value, aux]`: aux is handed through, at the end of the result. */
export interface AuxOption {
  readonly hasAux: true;
}
type PairFunction = (...args: never[]) => readonly [unknown, unknown];
type Args<F extends Callable> = Parameters<PlainOf<F>>;
type Out<F extends Callable> = ReturnType<PlainOf<F>>;
type First<R> = R extends readonly [infer V, unknown] ? V : never;
type Second<R> = R extends readonly [unknown, infer A] ? A : never;
type PlainList<F extends Callable> = readonly [...PlainArgs<Args<F>>];
type TensorList<F extends Callable> = readonly [...TensorArgs<Args<F>>];

/** Takes the primals, then the tangents; numbers stay numbers, as in any call. */
export interface Jvp {
  <F extends Callable = Unresolved>(
    fn: F,
    primals: PlainList<F>,
    tangents: PlainList<F>,
  ): [PlainResult<Out<F>>, PlainResult<Out<F>>];
  <F extends Callable = Unresolved>(
    fn: F,
    primals: TensorList<F>,
    tangents: TensorList<F>,
  ): [TensorResult<Out<F>>, TensorResult<Out<F>>];
  <F extends PairFunction = Unresolved<readonly [unknown, unknown]>>(
    fn: F,
    primals: PlainList<F>,
    tangents: PlainList<F>,
    options: AuxOption,
  ): [PlainResult<First<Out<F>>>, PlainResult<First<Out<F>>>, PlainResult<Second<Out<F>>>];
  <F extends PairFunction = Unresolved<readonly [unknown, unknown]>>(
    fn: F,
    primals: TensorList<F>,
    tangents: TensorList<F>,
    options: AuxOption,
  ): [TensorResult<First<Out<F>>>, TensorResult<First<Out<F>>>, TensorResult<Second<Out<F>>>];
}

/** `{ hasAux: true }` stands behind the primals. */
export interface Vjp {
  <F extends Callable = Unresolved>(
    fn: F,
    ...primals: PlainArgs<Args<F>>
  ): [PlainResult<Out<F>>, (cotangent: PlainResult<Out<F>>) => PlainResult<Args<F>>];
  <F extends Callable = Unresolved>(
    fn: F,
    ...primals: TensorArgs<Args<F>>
  ): [TensorResult<Out<F>>, (cotangent: Cotangent<Out<F>>) => TensorResult<Args<F>>];
  <F extends PairFunction = Unresolved<readonly [unknown, unknown]>>(
    fn: F,
    ...args: [...PlainArgs<Args<F>>, AuxOption]
  ): [
    PlainResult<First<Out<F>>>,
    (cotangent: PlainResult<First<Out<F>>>) => PlainResult<Args<F>>,
    PlainResult<Second<Out<F>>>,
  ];
  <F extends PairFunction = Unresolved<readonly [unknown, unknown]>>(
    fn: F,
    ...args: [...TensorArgs<Args<F>>, AuxOption]
  ): [
    TensorResult<First<Out<F>>>,
    (cotangent: Cotangent<First<Out<F>>>) => TensorResult<Args<F>>,
    TensorResult<Second<Out<F>>>,
  ];
}

/** `{ hasAux: true }` stands behind the primals. */
export interface Linearize {
  <F extends Callable = Unresolved>(
    fn: F,
    ...primals: PlainArgs<Args<F>>
  ): [PlainResult<Out<F>>, (...tangents: PlainArgs<Args<F>>) => PlainResult<Out<F>>];
  <F extends Callable = Unresolved>(
    fn: F,
    ...primals: TensorArgs<Args<F>>
  ): [TensorResult<Out<F>>, (...tangents: TensorArgs<Args<F>>) => TensorResult<Out<F>>];
  <F extends PairFunction = Unresolved<readonly [unknown, unknown]>>(
    fn: F,
    ...args: [...PlainArgs<Args<F>>, AuxOption]
  ): [
    PlainResult<First<Out<F>>>,
    (...tangents: PlainArgs<Args<F>>) => PlainResult<First<Out<F>>>,
    PlainResult<Second<Out<F>>>,
  ];
  <F extends PairFunction = Unresolved<readonly [unknown, unknown]>>(
    fn: F,
    ...args: [...TensorArgs<Args<F>>, AuxOption]
  ): [
    TensorResult<First<Out<F>>>,
    (...tangents: TensorArgs<Args<F>>) => TensorResult<First<Out<F>>>,
    TensorResult<Second<Out<F>>>,
  ];
}
