/** The tensor object: an immutable array of one dtype, as it is seen outside compiled code. */
import { fail } from "../compiler/diagnostics.js";
import { registerTensorMethods } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { BYTES, type DType, type Shape, sizeOf } from "../compiler/ir/types.js";
import type { Data } from "../compiler/ops/op.js";
import { arena, heapStorage, type Storage } from "./arena.js";
import { elementText, inspectTensor, tensorText } from "./tensor-text.js";
import type { Tensor, TensorLike } from "./types.js";

/** Every copy of the package (ES module, CommonJS) marks its tensors with it and takes those of the others. */
const BRAND: unique symbol = Symbol.for("tsc-jit.tensor");
/** On tensors that stand for JavaScript numbers: they take the dtype of the arrays they meet. */
const WEAK: unique symbol = Symbol.for("tsc-jit.weak");
const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");

const wrapInJit = (shape: Shape, what: string): never =>
  fail("TSJ5010", "type", `a tensor of shape [${shape.join(", ")}] has no single number: ${what}`, {
    hint: "array arithmetic with operators runs in compiled code: wrap the function in jit(), or call np functions",
  });

/** `data` is an own property, so that deep comparisons of tensors compare their elements. */
const dataProperty: PropertyDescriptor & ThisType<TensorObject> = {
  enumerable: true,
  get() {
    return arena().read(TensorObject.storageOf(this));
  },
};

class TensorObject {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly #storage: Storage;

  readonly #weak: boolean;

  constructor(storage: Storage, shape: Shape, weak: boolean) {
    this.shape = Object.freeze(shape);
    this.dtype = storage.dtype;
    this.#storage = storage;
    this.#weak = weak;
    Object.defineProperty(this, "data", dataProperty);
    Object.freeze(this);
    arena().watch(this, storage);
  }

  static storageOf(t: TensorObject): Storage {
    return t.#storage;
  }

  get [BRAND](): true {
    return true;
  }
  get [WEAK](): boolean {
    return this.#weak;
  }
  get [Symbol.toStringTag](): string {
    return "Tensor";
  }

  get ndim(): number {
    return this.shape.length;
  }

  get size(): number {
    return this.#storage.length;
  }

  get length(): number {
    const [first] = this.shape;
    return first ?? fail("TSJ5011", "shape", "a tensor of rank 0 has no length");
  }

  get T(): Tensor {
    return asTensor(this).transpose();
  }

  item(): number | boolean {
    if (this.size !== 1)
      return fail(
        "TSJ5012",
        "shape",
        `item() needs exactly one element; the shape is [${this.shape.join(", ")}]`,
      );
    return elementAt(this.#storage, 0);
  }

  toArray(): unknown {
    const { data, shape, dtype } = asTensor(this);
    const nest = (axis: number, from: number, stride: number): unknown => {
      const size = shape[axis];
      if (size === undefined) return dtype === "bool" ? data[from] !== 0 : data[from];
      const step = size === 0 ? 0 : stride / size;
      return Array.from({ length: size }, (_, k) => nest(axis + 1, from + k * step, step));
    };
    return nest(0, 0, data.length);
  }

  toJSON(): unknown {
    return this.toArray();
  }

  valueOf(): number | boolean {
    return this.shape.length === 0
      ? elementAt(this.#storage, 0)
      : wrapInJit(this.shape, "an operator cannot use it");
  }

  [Symbol.toPrimitive](hint: string): number | boolean | string {
    return hint === "string" ? this.toString() : this.valueOf();
  }

  toString(radix?: number): string {
    if (radix !== undefined) return this.#number("toString").toString(radix);
    return this.shape.length === 0
      ? elementText(this.valueOf())
      : tensorText(asTensor(this).data, this.shape, this.dtype);
  }

  toFixed(digits?: number): string {
    return this.#number("toFixed").toFixed(digits);
  }

  toPrecision(digits?: number): string {
    return this.#number("toPrecision").toPrecision(digits);
  }

  toExponential(digits?: number): string {
    return this.#number("toExponential").toExponential(digits);
  }

  toLocaleString(locales?: string | string[], options?: Intl.NumberFormatOptions): string {
    return this.#number("toLocaleString").toLocaleString(locales, options);
  }

  *[Symbol.iterator](): IterableIterator<Tensor> {
    for (let k = 0; k < this.length; k++) yield sliceAt(this, k);
  }

  [INSPECT](): string {
    return inspectTensor(asTensor(this).data, this.shape, this.dtype);
  }

  /** The number of a rank 0 tensor. */
  #number(method: string): number {
    if (this.shape.length > 0) return wrapInJit(this.shape, `${method}() works on rank 0`);
    return Number(elementAt(this.#storage, 0));
  }
}

/** The public view of the object: its index signature and `number &` are what compiled code gives a meaning to. */
const asTensor = (t: TensorObject): Tensor => t as unknown as Tensor;

const elementAt = ({ dtype, heap, block }: Storage, index: number): number | boolean => {
  const value = heap !== null ? (heap[index] ?? Number.NaN) : arena().readAt(dtype, block?.start ?? 0, index);
  return dtype === "bool" ? value !== 0 : value;
};

/** Slice `index` along axis 0: a copy. */
const sliceAt = (t: TensorObject, index: number): Tensor => {
  const { length } = t;
  const at = index < 0 ? index + length : index;
  if (at < 0 || at >= length)
    return fail("TSJ5014", "range", `index ${index} is out of range for axis 0 of size ${length}`);
  const shape = t.shape.slice(1);
  const size = sizeOf(shape);
  const { dtype, heap, block } = TensorObject.storageOf(t);
  const data =
    heap !== null
      ? heap.slice(at * size, (at + 1) * size)
      : arena().copyOut(dtype, (block?.start ?? 0) + at * size * BYTES[dtype], size);
  return fromData(data, dtype, shape);
};

const INDEX = /^-?(?:0|[1-9]\d*)$/;
/** Below the prototype, so that a property that exists is found before it: `t[i]`, and no writing to tensors. */
const indexing: ProxyHandler<object> = {
  get: (target, key, receiver) =>
    typeof key === "string" && receiver instanceof TensorObject && INDEX.test(key)
      ? sliceAt(receiver, Number(key))
      : Reflect.get(target, key),
  has: (target, key) => Reflect.has(target, key),
  set: (_, key) =>
    fail("TSJ5013", "purity", `cannot set ${JSON.stringify(String(key))}: a tensor never changes`, {
      hint: "inside compiled code a local array can be written to; outside, make a new tensor",
    }),
};
Object.setPrototypeOf(TensorObject.prototype, new Proxy(Object.create(Object.prototype), indexing));

/**
 * A tensor over storage; several may share one.
 * @param weak a JavaScript number as a tensor of rank 0: f64, but takes the dtype of the arrays it meets
 */
export const makeTensor = (storage: Storage, shape: Shape, weak = false): Tensor =>
  asTensor(new TensorObject(storage, shape, weak));

/** A tensor that takes `data` over, row-major. */
export const fromData = (data: Data, dtype: DType, shape: Shape): Tensor =>
  makeTensor(heapStorage(dtype, data), shape);

const isOwn = (x: unknown): x is TensorObject => x instanceof TensorObject;

/** Whether a value is a tensor, of this copy of the package or another. */
export const isTensor = (x: unknown): x is Tensor =>
  isOwn(x) || (typeof x === "object" && x !== null && BRAND in x);

/** Whether a tensor stands for a JavaScript number. */
export const isWeak = (t: Tensor): boolean => Reflect.get(Object(t), WEAK) === true;

const adopted = new WeakMap<object, Storage>();

/** A tensor's elements. Those of another copy of the package are copied once. */
export const storageOf = (t: Tensor): Storage => {
  const object: unknown = t;
  if (isOwn(object)) return TensorObject.storageOf(object);
  const key: object = Object(t);
  let storage = adopted.get(key);
  if (storage === undefined) {
    storage = heapStorage(t.dtype, t.data);
    adopted.set(key, storage);
  }
  return storage;
};

/** Gives all tensors methods: each calls a function of the library with the tensor as its first argument. */
export const installMethods = (methods: Readonly<Record<string, AnyFunction>>): void => {
  registerTensorMethods(methods);
  for (const [name, fn] of Object.entries(methods)) {
    const method = function (this: TensorLike, ...rest: readonly unknown[]): unknown {
      return Reflect.apply(fn, undefined, [this, ...rest]);
    };
    Object.defineProperty(TensorObject.prototype, name, {
      value: method,
      configurable: true,
      writable: true,
    });
  }
};
