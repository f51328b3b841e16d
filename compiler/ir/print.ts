/** The canonical text of a function: equal programs print equally, and `parse` reads it back. */
import { paramAt, schemaOf } from "./params.js";
import { type Eqn, type IrFunction, type OpName, type OpParams, typeText, type Var } from "./types.js";

export interface PrintOptions {
  /** Ends each equation with its place: `@"path/file":line`, which is read back, or a comment for the eye, `; file:line`. */
  readonly spans?: boolean | "comment";
  /** Equations to mark with `>>`. */
  readonly marked?: ReadonlySet<Eqn>;
}

/** A double so that reading it back gives the same one: `-0`, `NaN`, `Infinity`, shortest digits otherwise. */
export const numberText = (n: number): string => (Object.is(n, -0) ? "-0" : String(n));

const valueText = (value: unknown): string => {
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(",")}]`;
  return String(value);
};

/** `{axes=[0,1]}`, keys in schema order; the empty string for an op without params. */
export const paramsText = (op: OpName, params: OpParams[OpName]): string => {
  const keys = schemaOf(op);
  if (keys.length === 0) return "";
  return `{${keys.map(([key]) => `${key}=${valueText(paramAt(params, key))}`).join(", ")}}`;
};

const nameText = (name: string): string => (/^[A-Za-z_$][\w$.]*$/.test(name) ? name : JSON.stringify(name));

const spanText = ({ span }: Eqn, spans: PrintOptions["spans"]): string => {
  if (span === null || spans === undefined || spans === false) return "";
  return spans === "comment"
    ? `  ; ${span.file.split(/[\\/]/).pop()}:${span.line}`
    : `  @${JSON.stringify(span.file)}:${span.line}`;
};

/**
 * Values are numbered in order of appearance, params first. A free value, which only a function under construction
 * has, is written `%?k:type` where it is used.
 */
export const printFunction = (fn: IrFunction, options: PrintOptions = {}): string => {
  const names = new Map<Var, string>();
  const define = (v: Var): string => {
    const name = `%${names.size}`;
    names.set(v, name);
    return `${name}:${typeText(v.type)}`;
  };
  const free = new Map<Var, string>();
  const use = (v: Var): string => {
    const known = names.get(v) ?? free.get(v);
    if (known !== undefined) return known;
    const name = `%?${free.size}:${typeText(v.type)}`;
    free.set(v, name);
    return name;
  };
  const line = (eqn: Eqn): string => {
    const inputs = eqn.inputs.map(use);
    const outs = eqn.outs.map(define).join(", ");
    const params = paramsText(eqn.op, eqn.params);
    const text = [eqn.op, ...inputs, ...(params === "" ? [] : [params])].join(" ");
    const mark = options.marked?.has(eqn) === true ? ">>" : "  ";
    return `${mark}${outs} = ${text}${spanText(eqn, options.spans)}`;
  };
  const head = `fn ${nameText(fn.name)}(${fn.params.map(define).join(", ")}) {`;
  const body = fn.body.map(line);
  const results = fn.results.map(use).join(", ");
  return [head, ...body, results === "" ? "  return" : `  return ${results}`, "}"].join("\n");
};
