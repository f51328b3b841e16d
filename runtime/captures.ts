/** Captured values: whether they still are what a program was compiled for, and their values as hidden arguments. */
import { internal } from "../compiler/diagnostics.js";
import { metaOf, namespaceOf } from "../compiler/frontend/registry.js";
import type { AnyFunction, Capture, Expectation } from "../compiler/frontend/types.js";
import { sameType } from "../compiler/ir/types.js";
import { type HostLeaf, stagedType } from "./signature.js";

/** A capture and what it was: checked per call where the language allows it to change. */
export interface CapturedValue {
  readonly capture: Capture;
  /** The value when the program was compiled or loaded. */
  readonly initial: unknown;
}

const isFunction = (x: unknown): x is AnyFunction => typeof x === "function";

/** The stable id of a function or namespace of ours; null for any other value. */
export const registeredId = (value: unknown): string | null => {
  if (isFunction(value)) {
    const meta = metaOf(value);
    return meta === undefined || meta.kind === "transform" ? null : meta.id;
  }
  return typeof value === "object" && value !== null ? (namespaceOf(value) ?? null) : null;
};

/** Whether the value is one that the program was compiled for. */
const holds = (value: unknown, { capture, initial }: CapturedValue): boolean => {
  const { expect } = capture;
  switch (expect.kind) {
    case "constant":
    case "function":
    case "registered":
      return Object.is(value, initial);
    case "staged": {
      const now = stagedType(value);
      return now !== null && matchesStaged(now, expect);
    }
    default: {
      const never: never = expect;
      return internal(`unexpected expectation ${JSON.stringify(never)}`);
    }
  }
};

export const matchesStaged = (
  now: NonNullable<ReturnType<typeof stagedType>>,
  expect: Extract<Expectation, { readonly kind: "staged" }>,
): boolean =>
  now.weak === expect.weak &&
  now.hostArray === expect.hostArray &&
  now.store === expect.store &&
  sameType(now.type, expect.type);

/** The captures with their values of this moment. */
export const capturedValues = (captures: readonly Capture[]): readonly CapturedValue[] =>
  captures.map((capture) => ({ capture, initial: capture.read() }));

/** The first capture that is no longer what it was, or null. */
export const changedCapture = (captured: readonly CapturedValue[]): Capture | null => {
  for (const entry of captured)
    if (entry.capture.mutable && !holds(entry.capture.read(), entry)) return entry.capture;
  return null;
};

/** A captured number or array, read now. */
export const readStaged = ({ capture }: CapturedValue): HostLeaf =>
  stagedType(capture.read())?.leaf ?? internal(`captured ${captureName(capture)} is no number or array`);

/** `config.layers[0]` */
export const captureName = ({ name, path }: Pick<Capture, "name" | "path">): string =>
  name + path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
