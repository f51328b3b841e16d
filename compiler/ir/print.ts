/** The canonical text of a function: equal programs print equally, and `parse` reads it back. */
import { regionsOf } from "./control.js";
import { paramAt, schemaOf } from "./params.js";
import {
  type AnyOp,
  type AnyParams,
  type Eqn,
  type IrFunction,
  isControl,
  typeText,
  type Var,
} from "./types.js";

export interface PrintOptions {
  /** Ends each equation with its place: `@"path/file":line`, which is read back, or a comment for the eye, `; file:line`. */
  readonly spans?: boolean | "comment";
  /** Equations to mark with `>>`. */
  readonly marked?: ReadonlySet<Eqn>;
}

/** A double so that reading it back gives the same one: `-0`, `NaN`, `Infinity`, shortest digits otherwise. */
export const numberText = (n: number): string => (Object.is(n, -0) ? "-0" : String(n));

const valueText = (value: unknown, quoted: boolean): string => {
  if (quoted) return JSON.stringify(value);
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return `[${value.map((v) => valueText(v, false)).join(",")}]`;
  return String(value);
};

/** `{axes=[0,1]}`, keys in schema order; the empty string for an op without params. Regions are not among them. */
export const paramsText = (op: AnyOp, params: AnyParams[AnyOp]): string => {
  const keys = schemaOf(op);
  if (keys.length === 0) return "";
  return `{${keys.map(([key, kind]) => `${key}=${valueText(paramAt(params, key), kind === "text" || kind === "texts")}`).join(", ")}}`;
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
 * has, is written `%?k:type` where it is used. The regions of a control equation stand behind its params, each numbered
 * on its own, for it is closed:
 *
 *     %2:f64[] = for %0 %1 {trip=10, consts=1} body(%0:i32[], %1:f64[], %2:f64[]) {
 *       %3:f64[] = mul %1 %2
 *       return %3
 *     }
 */
export const printFunction = (fn: IrFunction, options: PrintOptions = {}): string =>
  functionText(`fn ${nameText(fn.name)}`, fn, options).join("\n");

/** The regions of a control equation as they are printed behind its params; equal text means equal regions. */
export const regionsText = (eqn: Eqn, options: PrintOptions = {}): string =>
  isControl(eqn)
    ? regionsOf(eqn)
        .map(([key, region]) => ` ${functionText(key, region, options).join("\n").replaceAll("\n", "\n  ")}`)
        .join("")
    : "";

const functionText = (heading: string, fn: IrFunction, options: PrintOptions): readonly string[] => {
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
    const outs = eqn.outs.map(define);
    const params = paramsText(eqn.op, eqn.params);
    const text =
      [eqn.op, ...inputs, ...(params === "" ? [] : [params])].join(" ") + regionsText(eqn, options);
    const mark = options.marked?.has(eqn) === true ? ">>" : "  ";
    const left = outs.length === 0 ? "" : `${outs.join(", ")} = `;
    return `${mark}${left}${text}${spanText(eqn, options.spans)}`;
  };
  const head = `${heading}(${fn.params.map(define).join(", ")}) {`;
  const body = fn.body.map(line);
  const results = fn.results.map(use).join(", ");
  return [head, ...body, results === "" ? "  return" : `  return ${results}`, "}"];
};
