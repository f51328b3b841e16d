/** Tensors as text, laid out as NumPy does: nested brackets, columns aligned, long axes cut in the middle. */
import type { DType, Shape } from "../compiler/ir/types.js";
import type { Data } from "../compiler/ops/op.js";

/** Arrays with more elements show only this many at each end of an axis. */
const SUMMARY_SIZE = 1000;
const EDGE = 3;
const LINE_WIDTH = 75;

export const elementText = (value: number | boolean): string => (Object.is(value, -0) ? "-0" : String(value));

/** The fewest digits that tell the element from its neighbours: six to nine for f32, as JavaScript prints doubles for f64. */
const numberText = (value: number, dtype: DType): string => {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype !== "f32" || value === 0 || !Number.isFinite(value)) return elementText(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
};

/** Indices of an axis to show; -1 stands for the part left out. */
const shown = (size: number, summarize: boolean): readonly number[] =>
  summarize && size > 2 * EDGE
    ? [0, 1, 2, -1, size - 3, size - 2, size - 1]
    : Array.from({ length: size }, (_, k) => k);

/** `[[1, 2], [3, 4]]` with line breaks between rows. */
export const tensorText = (data: Data, shape: Shape, dtype: DType, indent = 0): string => {
  const summarize = data.length > SUMMARY_SIZE;
  const cells: string[] = [];
  const walk = (axis: number, from: number, stride: number, visit: (text: string) => void): void => {
    const size = shape[axis];
    if (size === undefined) {
      visit(numberText(data[from] ?? Number.NaN, dtype));
      return;
    }
    const step = size === 0 ? 0 : stride / size;
    for (const k of shown(size, summarize)) if (k >= 0) walk(axis + 1, from + k * step, step, visit);
  };
  walk(0, 0, data.length, (text) => cells.push(text));
  const width = cells.reduce((w, c) => Math.max(w, c.length), 0);

  let cell = 0;
  const rowText = (size: number, margin: number): string => {
    const lines: string[] = [];
    let line = "";
    for (const [n, k] of shown(size, summarize).entries()) {
      const text = k < 0 ? "..." : (cells[cell++] ?? "").padStart(width);
      if (n > 0 && margin + line.length + text.length + 3 > LINE_WIDTH) {
        lines.push(`${line},`);
        line = text;
      } else line += n > 0 ? `, ${text}` : text;
    }
    return [...lines, line].join(`\n${" ".repeat(margin)}`);
  };
  const block = (axis: number): string => {
    const size = shape[axis];
    if (size === undefined) return cells[0] ?? "";
    const margin = indent + axis + 1;
    if (axis === shape.length - 1) return `[${rowText(size, margin)}]`;
    const separator = `,${"\n".repeat(shape.length - 1 - axis)}${" ".repeat(margin)}`;
    return `[${shown(size, summarize)
      .map((k) => (k < 0 ? "..." : block(axis + 1)))
      .join(separator)}]`;
  };
  return block(0);
};

/** What console.log shows: `Tensor f32[2, 2] [[1, 2], ...]`. */
export const inspectTensor = (data: Data, shape: Shape, dtype: DType): string => {
  const head = `Tensor ${dtype}[${shape.join(", ")}] `;
  if (shape.length === 0) return `${head}${tensorText(data, shape, dtype)}`;
  const body = tensorText(data, shape, dtype, shape.length === 1 ? head.length : 0);
  return shape.length === 1 ? `${head}${body}` : `${head.trimEnd()}\n${body}`;
};
