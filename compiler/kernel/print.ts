/** Kernel programs as readable text: buffers with their places, then each kernel as an indented loop nest. */
import type { Span } from "../diagnostics.js";
import { internal } from "../diagnostics.js";
import type { Address, Buffer, Carry, Kernel, KernelProgram, MatrixView, Step, Stmt } from "./types.js";

const INDENT = "  ";

const bufferName = (b: Buffer): string => {
  switch (b.place.kind) {
    case "input":
      return `in${b.place.index}`;
    case "output":
      return `out${b.place.index}`;
    case "scratch":
      return `tmp${b.id}`;
    case "data":
      return `data${b.place.index}`;
    case "tape":
      return `tape${b.place.index}`;
    default: {
      const never: never = b.place;
      return internal(`unexpected place ${JSON.stringify(never)}`);
    }
  }
};

const numberText = (x: number | bigint): string => (Object.is(x, -0) ? "-0" : String(x));

const bufferText = (b: Buffer): string => {
  const place = b.place;
  const head = `${bufferName(b)}: ${b.dtype}[${place.kind === "tape" ? "*," : ""}${b.size}]`;
  if (place.kind === "scratch") return `${head} @ ${place.offset}`;
  if (place.kind !== "data") return head;
  const shown = place.values.slice(0, 8).map(numberText).join(", ");
  return `${head} = ${shown}${place.values.length > 8 ? ", ..." : ""}`;
};

const axisName = (axis: number): string => `i${axis}`;

const product = (stride: number, name: string): string => (stride === 1 ? name : `${stride}*${name}`);
const addressText = (at: Address): string => {
  const parts = at.terms.map((t) => product(t.stride, axisName(t.axis)));
  if (at.dynamic !== null) parts.push(`%${at.dynamic}`);
  if (at.offset !== 0 || parts.length === 0) parts.push(String(at.offset));
  return parts.join(" + ").replaceAll("+ -", "- ");
};

const carryText = (c: Carry): string =>
  c.kind === "reduce"
    ? `%${c.result} = ${c.combine} %${c.value} from %${c.init}`
    : `%${c.result} = %${c.param} := %${c.next} from %${c.init}`;

const stmtLines = (s: Stmt, name: (id: number) => string, indent: string): readonly string[] => {
  const inner = (body: readonly Stmt[]): readonly string[] =>
    body.flatMap((t) => stmtLines(t, name, indent + INDENT));
  switch (s.kind) {
    case "const":
      return [`${indent}%${s.id}:${s.type} = ${numberText(s.value)}`];
    case "axis":
      return [`${indent}%${s.id}:i32 = ${axisName(s.axis)}`];
    case "op": {
      const lane = s.lane === undefined ? "" : `.${s.lane}`;
      return [`${indent}%${s.id}:${s.type} = ${s.op}${lane} ${s.args.map((a) => `%${a}`).join(" ")}`];
    }
    case "load":
      return [`${indent}%${s.id}:${s.type} = ${name(s.buffer)}[${addressText(s.at)}]`];
    case "store":
      return [
        `${indent}${name(s.buffer)}[${addressText(s.at)}] ${s.mode === "add" ? "+=" : "="} %${s.value}`,
      ];
    case "row":
      return [`${indent}row %${s.index} of ${name(s.buffer)}`];
    case "tape":
      return [`${indent}${name(s.buffer)} = ${s.from === null ? "empty" : name(s.from)}`];
    case "check":
      return [
        `${indent}check %${s.cond} else ${s.error}${[s.detail ?? [], s.values]
          .flat()
          .map((v) => ` %${v}`)
          .join("")}`,
      ];
    case "loop": {
      const kind = s.parallel ? "for" : "for seq";
      return [
        `${indent}${kind} ${axisName(s.axis)} < ${typeof s.extent === "number" ? s.extent : `%${s.extent.value}`} {`,
        ...inner(s.body),
        ...s.carries.map((c) => `${indent + INDENT}carry ${carryText(c)}`),
        `${indent}}`,
      ];
    }
    case "if":
      return [
        `${indent}if %${s.cond} {`,
        ...inner(s.then),
        ...(s.else.length === 0 ? [] : [`${indent}} else {`, ...inner(s.else)]),
        ...s.results.map((r) => `${indent + INDENT}merge %${r.id}:${r.type} = %${r.then} or %${r.else}`),
        `${indent}}`,
      ];
    case "while":
      return [
        `${indent}while {`,
        ...inner(s.test),
        `${indent}} %${s.cond} {`,
        ...inner(s.body),
        ...s.carries.map((c) => `${indent + INDENT}carry ${carryText(c)}`),
        `${indent}}`,
      ];
    default: {
      const never: never = s;
      return internal(`unexpected statement ${JSON.stringify(never)}`);
    }
  }
};

const viewText = (
  v: MatrixView,
  rows: string,
  cols: string,
  batch: readonly string[],
  name: (id: number) => string,
): string => {
  const terms = v.batchStrides.map((s, k) => product(s, batch[k] ?? "?"));
  terms.push(product(v.rowStride, rows), product(v.colStride, cols));
  if (v.offset !== 0) terms.push(String(v.offset));
  return `${name(v.buffer)}[${terms.join(" + ").replaceAll("+ -", "- ")}]`;
};

const spanText = (spans: readonly Span[]): string => {
  const places = new Set(spans.map((s) => `${s.file.split(/[\\/]/).pop()}:${s.line}`));
  return places.size === 0 ? "" : ` // ${[...places].join(" ")}`;
};

/** One kernel; `name` names its buffers. */
export const printKernel = (kernel: Kernel, name: (id: number) => string): string => {
  const spans = spanText(kernel.spans);
  if (kernel.kind === "loops") {
    const lines = kernel.body.flatMap((s) => stmtLines(s, name, INDENT));
    return [`kernel ${kernel.name} {${spans}`, ...lines, "}"].join("\n");
  }
  const { m, n, k, dtype } = kernel;
  const batch = kernel.batchAxes.map(axisName);
  const [i, j] = [axisName(kernel.mAxis), axisName(kernel.nAxis)];
  const sizes = [...kernel.batch, m, n].join("x");
  const lhs = viewText(kernel.lhs, i, "k", batch, name);
  const rhs = viewText(kernel.rhs, "k", j, batch, name);
  return [
    `matmul ${kernel.name} ${dtype}[${sizes}] over k < ${k} {${spans}`,
    `${INDENT}for ${[...batch, i, j].join(", ")}: %${kernel.acc}:${dtype} = sum ${lhs} * ${rhs}`,
    ...kernel.epilogue.flatMap((s) => stmtLines(s, name, INDENT + INDENT)),
    "}",
  ].join("\n");
};

const stepText = (step: Step, name: (id: number) => string): string => {
  const inner = (steps: readonly Step[]): string =>
    steps.map((s) => stepText(s, name).replaceAll(/^(?=.)/gm, INDENT)).join("\n\n");
  switch (step.kind) {
    case "loops":
    case "matmul":
      return printKernel(step, name);
    case "if":
      return `if ${name(step.cond)} {\n${inner(step.then)}\n} else {\n${inner(step.else)}\n}`;
    case "while":
      return `while {\n${inner(step.test)}\n} ${name(step.cond)} {\n${inner(step.body)}\n}`;
    case "for": {
      const counter = step.counter === null ? "" : `${name(step.counter)} `;
      const trip = typeof step.trip === "number" ? String(step.trip) : name(step.trip.buffer);
      return `for ${counter}< ${trip} {\n${inner(step.body)}\n}`;
    }
    default: {
      const never: never = step;
      return internal(`unexpected step ${JSON.stringify(never)}`);
    }
  }
};

/** The whole program, as goldens and `lower().kernels` show it. */
export const printProgram = (p: KernelProgram): string => {
  const names = new Map(p.buffers.map((b) => [b.id, bufferName(b)]));
  const name = (id: number): string => names.get(id) ?? `?${id}`;
  const results = p.results.map((r) => (r.kind === "input" ? `in${r.index}` : `out${r.index}`));
  const head = [
    `program ${p.name}${p.scalar ? " scalar" : ""}`,
    ...p.buffers.map((b) => `${INDENT}${bufferText(b)}`),
    ...(p.scratchBytes > 0 ? [`${INDENT}scratch ${p.scratchBytes} bytes`] : []),
    ...p.errors.map((e, k) => `${INDENT}error ${k}: ${e.code} ${e.message}`),
    `${INDENT}results ${results.join(", ")}`,
  ];
  return [head.join("\n"), ...p.steps.map((k) => stepText(k, name))].join("\n\n");
};
