/**
 * What a function is called with, as the command line says it: `--args "f64[128,784], {lr: f64, steps: 10}"`.
 *
 *     spec    = dtype | dtype "[" sizes "]" | kind "[" sizes "]" | literal | "[" specs "]" | "{" key ":" spec, ... "}"
 *     dtype   = "f64" | "f32" | "i32" | "u32" | "bool" | "number"
 *     kind    = "Float64Array" | "Float32Array" | "Int32Array" | ... | "Tensor"
 *     literal = a number, "text", true, false, null
 */
import type { Store } from "../frontend/types.js";
import type { DType, Shape } from "../ir/types.js";
import { UsageError } from "./report-error.js";

/** How an array is passed. `any`: as the parameter's annotation has it. */
export type Holder = "any" | "tensor" | "nested" | Store;

export type Spec =
  | { readonly kind: "number"; readonly dtype: DType }
  | { readonly kind: "array"; readonly dtype: DType; readonly shape: Shape; readonly holder: Holder }
  | { readonly kind: "literal"; readonly value: number | string | boolean | null }
  | { readonly kind: "list"; readonly items: readonly Spec[] }
  | { readonly kind: "object"; readonly fields: readonly (readonly [string, Spec])[] };

const DTYPES: Readonly<Record<string, DType>> = {
  f64: "f64",
  f32: "f32",
  i32: "i32",
  u32: "u32",
  bool: "bool",
  number: "f64",
  boolean: "bool",
};
const HOLDERS: Readonly<Record<string, { readonly holder: Holder; readonly dtype: DType }>> = {
  number: { holder: "nested", dtype: "f64" },
  Tensor: { holder: "tensor", dtype: "f32" },
  Float64Array: { holder: "f64", dtype: "f64" },
  Float32Array: { holder: "f32", dtype: "f32" },
  Int32Array: { holder: "i32", dtype: "i32" },
  Uint32Array: { holder: "u32", dtype: "u32" },
};

const TOKEN =
  /\s*(?:([A-Za-z_$][\w$]*)|(-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|("(?:[^"\\]|\\.)*"|'[^']*')|([[\]{},:]))/y;

type Token =
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "sign"; readonly text: string };

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null)
      throw new UsageError(`--args: ${JSON.stringify(text.slice(at).trim())} is not understood`);
    const [, word, number, quoted, sign] = match;
    if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (quoted !== undefined) tokens.push({ kind: "text", text: quoted });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
  }
  return tokens;
};

/** The specs of all arguments; throws a UsageError that shows what is not understood. */
export const parseSpecs = (text: string): readonly Spec[] => {
  const tokens = tokensOf(text);
  let at = 0;
  const fault = (what: string): never => {
    const found = tokens[at];
    throw new UsageError(
      `--args: ${what} expected${found === undefined ? " at the end" : `, not ${JSON.stringify(found.text)}`}; ` +
        'write "f64" for a number, "f64[10]" or "f32[128,784]" for an array, {x: f64} for an object',
    );
  };
  const isSign = (sign: string): boolean => tokens[at]?.kind === "sign" && tokens[at]?.text === sign;
  const take = (sign: string): void => {
    if (!isSign(sign)) fault(JSON.stringify(sign));
    at++;
  };
  const list = <T>(close: string, item: () => T): readonly T[] => {
    const items: T[] = [];
    while (!isSign(close)) {
      items.push(item());
      if (!isSign(close)) take(",");
    }
    at++;
    return items;
  };
  const size = (): number => {
    const token = tokens[at];
    const n = token?.kind === "number" ? Number(token.text) : Number.NaN;
    if (!Number.isInteger(n) || n < 0) fault("a size");
    at++;
    return n;
  };
  const word = (text_: string): Spec => {
    if (text_ === "true" || text_ === "false") return { kind: "literal", value: text_ === "true" };
    if (text_ === "null") return { kind: "literal", value: null };
    const isArray = isSign("[");
    const shape = (): Shape => {
      take("[");
      return list("]", size);
    };
    const holder = HOLDERS[text_];
    const dtype = DTYPES[text_];
    if (isArray && holder !== undefined) return { kind: "array", ...holder, shape: shape() };
    if (isArray && dtype !== undefined) {
      const found = shape();
      return found.length === 0
        ? { kind: "number", dtype }
        : { kind: "array", dtype, shape: found, holder: "any" };
    }
    if (dtype !== undefined) return { kind: "number", dtype };
    at--;
    return fault("a type");
  };
  const spec = (): Spec => {
    const token = tokens[at];
    if (token === undefined) return fault("a type");
    at++;
    switch (token.kind) {
      case "number":
        return { kind: "literal", value: Number(token.text) };
      case "text":
        return { kind: "literal", value: token.text.slice(1, -1) };
      case "word":
        return word(token.text);
      case "sign":
        if (token.text === "[") return { kind: "list", items: list("]", spec) };
        if (token.text === "{")
          return {
            kind: "object",
            fields: list("}", (): readonly [string, Spec] => {
              const key = tokens[at];
              if (key?.kind !== "word" && key?.kind !== "text") return fault("a key");
              at++;
              take(":");
              return [key.kind === "text" ? key.text.slice(1, -1) : key.text, spec()];
            }),
          };
        at--;
        return fault("a type");
      default: {
        const never: never = token;
        return never;
      }
    }
  };
  const specs: Spec[] = [];
  while (at < tokens.length) {
    specs.push(spec());
    if (at < tokens.length) take(",");
  }
  return specs;
};
