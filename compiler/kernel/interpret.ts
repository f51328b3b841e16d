/** Runs a kernel program on typed arrays, one statement at a time: the reference that targets are compared with. */
import { internal, type Span } from "../diagnostics.js";
import { BYTES, type DType, isFloat, type OpName } from "../ir/types.js";
import { opTable } from "../ops/index.js";
import { allocate } from "../ops/ndarray.js";
import type { Data } from "../ops/op.js";
import { evalMachineOp, isMachineOp, type Register } from "./machine.js";
import {
  type Address,
  type Buffer,
  type BufferId,
  type Combine,
  checkText,
  type KernelProgram,
  type LoopStmt,
  type MatmulKernel,
  type MatrixView,
  type OpStmt,
  type RegType,
  type Step,
  type Stmt,
  type WhileStmt,
} from "./types.js";

/** A check that failed while the program ran. */
export class KernelCheckError extends Error {
  override readonly name = "KernelCheckError";
  readonly code: string;
  readonly span: Span | null;
  constructor(code: string, message: string, span: Span | null) {
    super(message);
    this.code = code;
    this.span = span;
  }
}

interface Machine {
  readonly program: KernelProgram;
  readonly memory: Map<BufferId, Data>;
  readonly registers: Register[];
  readonly types: RegType[];
  readonly axes: number[];
}

const arrayOver = (dtype: DType, bytes: ArrayBuffer, offset: number, size: number): Data => {
  switch (dtype) {
    case "f32":
      return new Float32Array(bytes, offset, size);
    case "f64":
      return new Float64Array(bytes, offset, size);
    case "i32":
      return new Int32Array(bytes, offset, size);
    case "u32":
      return new Uint32Array(bytes, offset, size);
    case "bool":
      return new Uint8Array(bytes, offset, size);
    default: {
      const never: never = dtype;
      return internal(`no storage for ${never}`);
    }
  }
};

const register = (m: Machine, id: number): Register => {
  const v = m.registers[id];
  return v === undefined ? internal(`register ${id} is read before it is set`) : v;
};
const numeric = (m: Machine, id: number): number => {
  const v = register(m, id);
  return typeof v === "number" ? v : internal(`register ${id} holds an i64`);
};
const set = (m: Machine, id: number, v: Register, type: RegType): void => {
  m.registers[id] = v;
  m.types[id] = type;
};

const position = (m: Machine, at: Address): number => {
  let k = at.offset;
  for (const t of at.terms) k += t.stride * (m.axes[t.axis] ?? internal(`axis ${t.axis} is not running`));
  return at.dynamic === null ? k : (k + numeric(m, at.dynamic)) | 0;
};
const dataOf = (m: Machine, id: BufferId): Data => m.memory.get(id) ?? internal(`no buffer ${id}`);
const bufferIn = (m: Machine, id: BufferId): Buffer =>
  m.program.buffers.find((b) => b.id === id) ?? internal(`no buffer ${id}`);
const makeRow = (m: Machine, id: BufferId, index: number): void => {
  const { dtype, size } = bufferIn(m, id);
  const data = dataOf(m, id);
  if (index < 0) internal(`row ${index} of a tape`);
  if ((index + 1) * size <= data.length) return;
  const grown = allocate(dtype, Math.max((index + 1) * size, 2 * data.length));
  grown.set(data);
  m.memory.set(id, grown);
};
const readAt = (data: Data, k: number): number => {
  const v = data[k];
  return v === undefined ? internal(`a load at ${k} of ${data.length}`) : v;
};

/** A value as its dtype stores it. */
const stored = (v: number, dtype: DType): number => {
  if (dtype === "f32") return Math.fround(v);
  if (dtype === "i32") return v | 0;
  return dtype === "u32" ? v >>> 0 : v;
};

/** An elementwise op by its record: one element in, one out. */
const evalByTable = (m: Machine, s: OpStmt): number => {
  const inputs = s.args.map((a) => {
    const type = m.types[a];
    if (type === undefined || type === "i64") return internal(`${s.op} of an i64 register`);
    const data = allocate(type, 1);
    data[0] = numeric(m, a);
    return { dtype: type, shape: [], data };
  });
  if (s.type === "i64") return internal(`${s.op} can't give an i64`);
  const params = s.op === "threefry" ? { lane: s.lane ?? 0 } : { dtype: s.type };
  // the op's name decides which of the params it reads
  const evaluate = opTable[s.op as OpName].eval as (
    x: typeof inputs,
    p: typeof params,
  ) => { readonly data: Data };
  return readAt(evaluate(inputs, params).data, 0);
};

const combineNumbers = (combine: Combine, a: number, b: number, dtype: DType): number => {
  switch (combine) {
    case "sum":
      return stored(a + b, dtype);
    case "prod":
      return isFloat(dtype) ? stored(a * b, dtype) : stored(Math.imul(a, b), dtype);
    case "max":
      return Math.max(a, b);
    case "min":
      return Math.min(a, b);
    default: {
      const never: never = combine;
      return internal(`unexpected combination ${never}`);
    }
  }
};

const runWhile = (m: Machine, s: WhileStmt): void => {
  let current = s.carries.map((c) => numeric(m, c.init));
  for (;;) {
    s.carries.forEach((c, k) => void set(m, c.param, current[k] ?? 0, c.type));
    runAll(m, s.test);
    if (numeric(m, s.cond) === 0) break;
    runAll(m, s.body);
    current = s.carries.map((c) => numeric(m, c.next));
  }
  s.carries.forEach((c, k) => void set(m, c.result, current[k] ?? 0, c.type));
};

const runLoop = (m: Machine, s: LoopStmt): void => {
  const current = s.carries.map((c) => numeric(m, c.init));
  const extent = typeof s.extent === "number" ? s.extent : numeric(m, s.extent.value);
  for (let i = 0; i < extent; i++) {
    m.axes[s.axis] = i;
    s.carries.forEach((c, k) => {
      if (c.kind === "recur") set(m, c.param, current[k] ?? 0, c.type);
    });
    runAll(m, s.body);
    s.carries.forEach((c, k) => {
      current[k] =
        c.kind === "reduce"
          ? combineNumbers(c.combine, current[k] ?? 0, numeric(m, c.value), c.type)
          : numeric(m, c.next);
    });
  }
  s.carries.forEach((c, k) => void set(m, c.result, current[k] ?? 0, c.type));
};

const runAll = (m: Machine, body: readonly Stmt[]): void => {
  for (const s of body) run(m, s);
};

const run = (m: Machine, s: Stmt): void => {
  switch (s.kind) {
    case "const":
      set(m, s.id, s.value, s.type);
      return;
    case "axis":
      set(m, s.id, m.axes[s.axis] ?? internal(`axis ${s.axis} is not running`), "i32");
      return;
    case "op": {
      const v = isMachineOp(s.op)
        ? evalMachineOp(
            s.op,
            s.type,
            m.types[s.args[s.op === "select" ? 1 : 0] ?? -1] ?? internal(`${s.op} without operands`),
            s.args.map((a) => register(m, a)),
          )
        : evalByTable(m, s);
      set(m, s.id, v, s.type);
      return;
    }
    case "load":
      set(m, s.id, readAt(dataOf(m, s.buffer), position(m, s.at)), s.type);
      return;
    case "store": {
      const data = dataOf(m, s.buffer);
      const k = position(m, s.at);
      const old = readAt(data, k);
      data[k] = s.mode === "add" ? old + numeric(m, s.value) : numeric(m, s.value);
      return;
    }
    case "row":
      makeRow(m, s.buffer, numeric(m, s.index));
      return;
    case "tape":
      m.memory.set(
        s.buffer,
        s.from === null ? allocate(bufferIn(m, s.buffer).dtype, 0) : dataOf(m, s.from).slice(),
      );
      return;
    case "check": {
      if (numeric(m, s.cond) !== 0) return;
      const e = m.program.errors[s.error] ?? internal(`no error ${s.error}`);
      const detail = s.detail === null ? null : numeric(m, s.detail);
      throw new KernelCheckError(
        e.code,
        checkText(
          e.message,
          detail,
          s.values.map((v) => numeric(m, v)),
        ),
        e.span,
      );
    }
    case "loop":
      runLoop(m, s);
      return;
    case "if": {
      const taken = numeric(m, s.cond) !== 0;
      runAll(m, taken ? s.then : s.else);
      const values = s.results.map((r) => numeric(m, taken ? r.then : r.else));
      s.results.forEach((r, k) => void set(m, r.id, values[k] ?? 0, r.type));
      return;
    }
    case "while":
      runWhile(m, s);
      return;
    default: {
      const never: never = s;
      internal(`unexpected statement ${JSON.stringify(never)}`);
    }
  }
};

const runMatmul = (m: Machine, p: MatmulKernel): void => {
  const [lhs, rhs] = [dataOf(m, p.lhs.buffer), dataOf(m, p.rhs.buffer)];
  const start = (v: MatrixView): number =>
    v.batchStrides.reduce((at, s, k) => at + s * (m.axes[p.batchAxes[k] ?? -1] ?? 0), v.offset);
  const product = (i: number, j: number): number => {
    let acc = 0;
    const [a, b] = [start(p.lhs) + i * p.lhs.rowStride, start(p.rhs) + j * p.rhs.colStride];
    for (let k = 0; k < p.k; k++) {
      const [x, y] = [readAt(lhs, a + k * p.lhs.colStride), readAt(rhs, b + k * p.rhs.rowStride)];
      acc = combineNumbers("sum", acc, combineNumbers("prod", x, y, p.dtype), p.dtype);
    }
    return acc;
  };
  const batches = (d: number): void => {
    const axis = p.batchAxes[d];
    if (axis !== undefined) {
      for (let i = 0; i < (p.batch[d] ?? 0); i++) {
        m.axes[axis] = i;
        batches(d + 1);
      }
      return;
    }
    for (let i = 0; i < p.m; i++) {
      for (let j = 0; j < p.n; j++) {
        m.axes[p.mAxis] = i;
        m.axes[p.nAxis] = j;
        set(m, p.acc, product(i, j), p.dtype);
        runAll(m, p.epilogue);
      }
    }
  };
  batches(0);
};

const runSteps = (m: Machine, steps: readonly Step[]): void => {
  for (const step of steps) runStep(m, step);
};

const runStep = (m: Machine, step: Step): void => {
  const cell = (id: BufferId): number => readAt(dataOf(m, id), 0);
  switch (step.kind) {
    case "loops":
      runAll(m, step.body);
      return;
    case "matmul":
      runMatmul(m, step);
      return;
    case "if":
      runSteps(m, cell(step.cond) !== 0 ? step.then : step.else);
      return;
    case "while":
      for (;;) {
        runSteps(m, step.test);
        if (cell(step.cond) === 0) return;
        runSteps(m, step.body);
      }
    case "for": {
      const trip = typeof step.trip === "number" ? step.trip : cell(step.trip.buffer);
      for (let i = 0; i < trip; i++) {
        if (step.counter !== null) dataOf(m, step.counter)[0] = i;
        runSteps(m, step.body);
      }
      return;
    }
    default: {
      const never: never = step;
      internal(`unexpected step ${JSON.stringify(never)}`);
    }
  }
};

/**
 * Runs the program; inputs are row-major arrays of the input buffers' dtypes. Gives one array per result. Scratch memory
 * starts as garbage. Throws KernelCheckError where a check fails.
 */
export const interpretProgram = (program: KernelProgram, inputs: readonly Data[]): readonly Data[] => {
  const scratch = new ArrayBuffer(program.scratchBytes);
  new Uint8Array(scratch).fill(0xcd);
  const memory = new Map<BufferId, Data>();
  const outputs: Data[] = [];
  for (const b of program.buffers) {
    const { place } = b;
    if (place.kind === "input")
      memory.set(b.id, inputs[place.index] ?? internal(`input ${place.index} is missing`));
    else if (place.kind === "scratch") {
      if (place.offset + b.size * BYTES[b.dtype] > program.scratchBytes && b.size > 0)
        internal("scratch overflows");
      memory.set(b.id, arrayOver(b.dtype, scratch, place.offset, b.size));
    } else if (place.kind === "tape") memory.set(b.id, allocate(b.dtype, 0));
    else {
      const data = allocate(b.dtype, b.size);
      if (place.kind === "data") data.set(place.values);
      else outputs[place.index] = data;
      memory.set(b.id, data);
    }
  }
  const m: Machine = { program, memory, registers: [], types: [], axes: [] };
  runSteps(m, program.steps);
  return program.results.map(
    (r) => (r.kind === "input" ? inputs[r.index] : outputs[r.index]) ?? internal("a result is missing"),
  );
};
