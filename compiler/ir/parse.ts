/**
 * Reads the text form that `print` writes:
 *
 *     fn loss(%0:f32[128,784], %1:f64[]) {
 *       %2:f32[784] = reduceSum %0 {axes=[0]}
 *       return %2
 *     }
 *
 * The regions of a control equation stand behind its params, as `body(%0:i32[]) { ... }`, with values of their own.
 * Spaces and line ends are free; `;` starts a comment that runs to the end of the line.
 */
import { type DiagnosticKind, fail, registerSource, type Span, TscJitError } from "../diagnostics.js";
import { type Builder, createBuilder } from "./builder.js";
import {
  isAnyOp,
  isDType,
  type ParamKind,
  type ParamValue,
  paramFault,
  REGION_KEYS,
  schemaOf,
} from "./params.js";
import {
  type AnyOp,
  type AnyParams,
  type IrFunction,
  isControlOp,
  sameType,
  type TensorType,
  typeText,
  UNBOUNDED,
  type Var,
} from "./types.js";
import { paramsFault } from "./verify.js";

interface Token {
  readonly kind: "value" | "number" | "word" | "string" | "mark" | "end";
  readonly text: string;
  readonly offset: number;
}

const FILE = "<ir>";
const TOKEN =
  /(?<skip>(?:\s+|;[^\n]*)+)|(?<value>%\d+)|(?<number>-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity)\b|NaN\b)|(?<word>[A-Za-z_$][\w$.]*)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<mark>[(){}[\]:,=@])/y;

const placeOf = (text: string, offset: number, length: number): Span => {
  const before = text.slice(0, offset).split("\n");
  return { file: FILE, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, length };
};

/** Splits the text; gives a reader that stands on one token. */
const createReader = (text: string) => {
  registerSource(FILE, text);
  const tokens: Token[] = [];
  const refuse = (
    message: string,
    offset: number,
    length: number,
    kind: DiagnosticKind = "unsupported",
  ): never => fail("TSJ2100", kind, `IR text: ${message}`, { span: placeOf(text, offset, length) });
  let offset = 0;
  while (offset < text.length) {
    TOKEN.lastIndex = offset;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) return refuse(`unexpected ${JSON.stringify(text[offset])}`, offset, 1);
    for (const kind of ["value", "number", "word", "string", "mark"] as const) {
      const lexeme = groups[kind];
      if (lexeme !== undefined) tokens.push({ kind, text: lexeme, offset });
    }
    offset = TOKEN.lastIndex;
  }
  const end: Token = { kind: "end", text: "the end", offset: text.length };
  let at = 0;
  const peek = (ahead = 0): Token => tokens[at + ahead] ?? end;
  const next = (): Token => {
    const token = peek();
    at++;
    return token;
  };
  const wrong = (token: Token, wanted: string): never =>
    refuse(
      `${wanted} expected, found ${token.text}`,
      token.offset,
      token.kind === "end" ? 1 : token.text.length,
    );
  return {
    peek,
    next,
    wrong,
    refuseAt: (token: Token, message: string, kind?: DiagnosticKind): never =>
      refuse(message, token.offset, token.text.length, kind),
    is: (mark: string): boolean => peek().kind === "mark" && peek().text === mark,
    expect: (mark: string): void => {
      const token = next();
      if (token.kind !== "mark" || token.text !== mark) wrong(token, mark);
    },
    take: (kind: Token["kind"], wanted: string): Token => {
      const token = next();
      return token.kind === kind ? token : wrong(token, wanted);
    },
    span: (token: Token): Span => placeOf(text, token.offset, token.text.length),
  };
};
type Reader = ReturnType<typeof createReader>;

const readList = <T>(r: Reader, close: string, item: () => T): readonly T[] => {
  const items: T[] = [];
  while (!r.is(close)) {
    if (items.length > 0) r.expect(",");
    items.push(item());
  }
  r.expect(close);
  return items;
};

const readNumber = (r: Reader): number => Number(r.take("number", "a number").text);

const readType = (r: Reader): TensorType => {
  const word = r.take("word", "a dtype");
  const dtype = isDType(word.text) ? word.text : r.wrong(word, "a dtype");
  r.expect("[");
  let first = true;
  const shape = readList(r, "]", () => {
    const token = r.take("number", "a size");
    const size = Number(token.text);
    const fits = (Number.isSafeInteger(size) && size >= 0) || (first && size === UNBOUNDED);
    first = false;
    return fits ? size : r.wrong(token, "a size");
  });
  return { dtype, shape };
};

const readParam = (r: Reader): ParamValue => {
  const token = r.peek();
  if (token.kind === "word") return r.next().text === "null" ? null : token.text;
  if (token.kind === "string") return String(JSON.parse(r.next().text));
  if (!r.is("[")) return readNumber(r);
  r.expect("[");
  return readList(r, "]", () =>
    r.peek().kind === "string" ? String(JSON.parse(r.next().text)) : readNumber(r),
  );
};

/** `{key=value, ...}`, every key of the op's schema once, in any order. */
const readParams = (
  r: Reader,
  op: Token,
  schema: readonly (readonly [string, ParamKind])[],
): Readonly<Record<string, ParamValue>> => {
  const params: Record<string, ParamValue> = {};
  if (r.is("{")) {
    r.expect("{");
    readList(r, "}", () => {
      const key = r.take("word", "a param");
      const kind = schema.find(([name]) => name === key.text)?.[1];
      if (kind === undefined) return r.refuseAt(key, `${op.text} has no param ${key.text}`);
      if (Object.hasOwn(params, key.text)) r.refuseAt(key, `${key.text} is given twice`);
      r.expect("=");
      const value = readParam(r);
      const fault = paramFault(kind, value);
      if (fault !== null) r.refuseAt(key, `${key.text} ${fault}`);
      params[key.text] = value;
    });
  }
  for (const [key] of schema) {
    if (!Object.hasOwn(params, key)) r.refuseAt(op, `${op.text} needs the param ${key}`);
  }
  return params;
};

/** `@"file":line`; an equation without it has no span. */
const readSpan = (r: Reader): Span | null => {
  if (!r.is("@")) return null;
  r.expect("@");
  const file: unknown = JSON.parse(r.take("string", "a file name").text);
  r.expect(":");
  return { file: String(file), line: readNumber(r), column: 1, length: 1 };
};

/** `then(...) {...} else(...) {...}`: every region of a control op, in order. */
const readRegions = (r: Reader, op: AnyOp): Readonly<Record<string, IrFunction>> => {
  if (!isControlOp(op)) return {};
  const regions: Record<string, IrFunction> = {};
  for (const key of REGION_KEYS[op]) {
    const token = r.take("word", `the region ${key}`);
    if (token.text !== key) r.wrong(token, `the region ${key}`);
    regions[key] = readFunction(r, key);
  }
  return regions;
};

/** `%3:f64[], %4:i32[] = `; nothing for an equation without results. */
const readResults = (r: Reader): readonly { readonly name: Token; readonly written: TensorType }[] => {
  const results: { readonly name: Token; readonly written: TensorType }[] = [];
  while (r.peek().kind === "value") {
    const name = r.take("value", "a value");
    r.expect(":");
    results.push({ name, written: readType(r) });
    if (r.is(",")) r.expect(",");
    else {
      r.expect("=");
      break;
    }
  }
  return results;
};

const readEquation = (r: Reader, b: Builder, values: Map<string, Var>): void => {
  const results = readResults(r);
  const opToken = r.take("word", "an op");
  const op: AnyOp = isAnyOp(opToken.text) ? opToken.text : r.wrong(opToken, "an op");
  const inputs: Var[] = [];
  const definesNext = (): boolean => r.peek(1).text === ":"; // a value with a type begins the next equation
  while (r.peek().kind === "value" && !definesNext()) inputs.push(readUse(r, values));
  const plain = readParams(r, opToken, schemaOf(op));
  const params = { ...plain, ...readRegions(r, op) } as AnyParams[AnyOp]; // checked against the schema
  const fault = paramsFault(op, params);
  if (fault !== null) r.refuseAt(opToken, fault);
  const span = readSpan(r);
  const outs = emitAt(r, opToken, () => b.at(span, () => b.emitAll(op, inputs, params)));
  if (outs.length !== results.length)
    r.refuseAt(opToken, `${op} gives ${outs.length} values, written are ${results.length}`, "type");
  results.forEach(({ name, written }, k) => {
    const out = outs[k];
    if (out === undefined) return;
    if (!sameType(out.type, written))
      r.refuseAt(name, `${op} gives ${typeText(out.type)}, written is ${typeText(written)}`, "type");
    defineValue(r, values, name, out);
  });
};

/** A shape rule's refusal gets the place in the text. */
const emitAt = (r: Reader, op: Token, emit: () => readonly Var[]): readonly Var[] => {
  try {
    return emit();
  } catch (e) {
    const d = e instanceof TscJitError ? e.diagnostics[0] : undefined;
    if (d === undefined) throw e;
    throw new TscJitError([{ ...d, span: r.span(op) }], { cause: e });
  }
};

const readUse = (r: Reader, values: ReadonlyMap<string, Var>): Var => {
  const token = r.take("value", "a value");
  return values.get(token.text) ?? r.refuseAt(token, `${token.text} is not defined here`);
};

const defineValue = (r: Reader, values: Map<string, Var>, name: Token, v: Var): void => {
  if (values.has(name.text)) r.refuseAt(name, `${name.text} is defined twice`);
  values.set(name.text, v);
};

/** The function that `text` describes. Throws TSJ2100 with line and column, or the shape rule's own diagnostic. */
export const parseFunction = (text: string): IrFunction => {
  const r = createReader(text);
  const keyword = r.take("word", "fn");
  if (keyword.text !== "fn") r.wrong(keyword, "fn");
  const nameToken = r.next();
  if (nameToken.kind !== "word" && nameToken.kind !== "string") r.wrong(nameToken, "a name");
  const name = nameToken.kind === "word" ? nameToken.text : String(JSON.parse(nameToken.text));
  const fn = readFunction(r, name);
  const rest = r.peek();
  if (rest.kind !== "end") r.wrong(rest, "the end");
  return fn;
};

/** `(params) { equations return results }` */
const readFunction = (r: Reader, name: string): IrFunction => {
  const b = createBuilder();
  const values = new Map<string, Var>();
  r.expect("(");
  readList(r, ")", () => {
    const param = r.take("value", "a param");
    r.expect(":");
    defineValue(r, values, param, b.param(readType(r)));
  });
  r.expect("{");
  const returns = (): boolean => r.peek().kind === "word" && r.peek().text === "return";
  const equation = (): boolean => r.peek().kind === "value" || (isAnyOp(r.peek().text) && !returns());
  while (equation()) readEquation(r, b, values);
  const ret = r.take("word", "return");
  if (ret.text !== "return") r.wrong(ret, "return");
  const results = readList(r, "}", () => readUse(r, values));
  return b.finish(name, results);
};
