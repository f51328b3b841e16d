/** A kernel program as a WASM module: one function per kernel, and `run(block)` or, for functions of numbers, `call(...)`. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import { expandMath } from "../../kernel/math/expand.js";
import { schedule } from "../../kernel/schedule.js";
import { kernelFacts } from "../../kernel/schedule-analysis.js";
import type { Buffer, BufferId, Kernel, KernelProgram, LoopKernel, Profile } from "../../kernel/types.js";
import { kernelsOf } from "../../kernel/walk.js";
import type { Base } from "./address.js";
import {
  type Expr,
  type Fn,
  finishFn,
  get,
  type Local,
  newFn,
  newLocal,
  scalarConst,
  set,
  wasmType,
} from "./asm.js";
import { type Cells, emitSteps } from "./control.js";
import { emitBody } from "./loops.js";
import { emitMatmul, type MatmulTarget } from "./matmul.js";
import { loadScalar, storeScalar, type Where } from "./memory.js";
import { extraScratchAt } from "./scratch.js";
import { addTapeFunctions } from "./tape.js";
import type { BufferLocals, Context, Outline } from "./values.js";

export interface Emitted {
  readonly wasm: Uint8Array;
  readonly wat?: string;
}

const { Features } = binaryen;
const BASE_FEATURES =
  Features.MutableGlobals |
  Features.SIMD128 |
  Features.BulkMemory |
  Features.BulkMemoryOpt |
  Features.NontrappingFPToInt |
  Features.SignExt |
  Features.Atomics;
const MAX_PAGES = 65536;

const newModule = (fma: boolean): binaryen.Module => {
  const m = new binaryen.Module();
  m.setFeatures(fma ? BASE_FEATURES | Features.RelaxedSIMD : BASE_FEATURES);
  m.setMemory(1, MAX_PAGES, null, [], true, false, "memory");
  m.addMemoryImport("memory", "env", "memory", true);
  return m;
};

/** Words of the table that belong to one tape. */
const TAPE_WORDS = 3;

/** Position of a buffer's address in the table: inputs, outputs, the scratch block, data, tapes. */
const tableIndex = (program: KernelProgram, buffer: Buffer): number => {
  const { place } = buffer;
  switch (place.kind) {
    case "input":
      return place.index;
    case "output":
      return program.inputs + place.index;
    case "scratch":
      return program.inputs + program.outputs;
    case "data":
      return program.inputs + program.outputs + 1 + place.index;
    case "tape": {
      const data = program.buffers.filter((b) => b.place.kind === "data").length;
      return program.inputs + program.outputs + 1 + data + TAPE_WORDS * place.index;
    }
  }
};

const buffersById = (program: KernelProgram): ReadonlyMap<BufferId, Buffer> =>
  new Map(program.buffers.map((b) => [b.id, b]));

/** A local set at function entry to entry `index` of the table (parameter 0). */
const tableEntry = (fn: Fn, index: number): Local => {
  const local = newLocal(fn, binaryen.i32);
  fn.head.push(set(fn, local, fn.m.i32.load(4 * index, 4, get(fn, 0))));
  return local;
};

/** Base addresses, read from the table (parameter 0) once at function entry. */
const tableBases = (fn: Fn, program: KernelProgram, buffers: ReadonlyMap<BufferId, Buffer>) => {
  const locals = new Map<number, number>();
  let zero: Local | null = null;
  return (id: BufferId): Base => {
    const buffer = buffers.get(id) ?? internal(`buffer ${id} is not in the program`);
    const index = tableIndex(program, buffer);
    if (buffer.place.kind === "tape") {
      zero ??= newLocal(fn, binaryen.i32); // locals begin as zero
      return { local: zero, offset: 0, words: 4 * index };
    }
    let local = locals.get(index);
    if (local === undefined) {
      local = tableEntry(fn, index);
      locals.set(index, local);
    }
    return { local, offset: buffer.place.kind === "scratch" ? buffer.place.offset : 0 };
  };
};

/** Emits a loop kernel's statements into `fn`, giving its code. */
const loopKernelCode = (
  fn: Fn,
  kernel: LoopKernel,
  buffers: ReadonlyMap<BufferId, Buffer>,
  base: (id: BufferId) => Base,
  locals: BufferLocals | null,
  outline: Outline,
): readonly Expr[] => {
  const ctx: Context = {
    fn,
    facts: kernelFacts(kernel.body),
    schedule: schedule(kernel),
    buffers,
    base,
    locals,
    scalars: new Map(),
    frames: new Map(),
    outline,
  };
  const out: Expr[] = [];
  emitBody({ ctx, out, frame: null, vector: null }, kernel.body);
  return out;
};

/** Function names must differ; they show in profiles and stack traces. */
const uniqueNames = (kernels: readonly Kernel[]): readonly string[] => {
  const seen = new Map<string, number>();
  return kernels.map(({ name }) => {
    const n = seen.get(name) ?? 0;
    seen.set(name, n + 1);
    return n === 0 && name !== "run" && name !== "call" ? name : `${name}#${n}`;
  });
};

const emitTableProgram = (m: binaryen.Module, program: KernelProgram, profile: Profile): void => {
  const buffers = buffersById(program);
  const target: MatmulTarget = {
    m,
    profile,
    buffers,
    bases: (fn) => tableBases(fn, program, buffers),
    scratch: (fn) => ({
      local: tableEntry(fn, program.inputs + program.outputs),
      offset: extraScratchAt(program),
    }),
  };
  if (program.buffers.some((b) => b.place.kind === "tape")) addTapeFunctions(m);
  const kernels = kernelsOf(program.steps);
  const names = new Map(uniqueNames(kernels).map((name, k) => [kernels[k], name]));
  const call = (kernel: Kernel): readonly Expr[] => {
    const name = names.get(kernel) ?? kernel.name;
    const expanded = expandMath(kernel);
    const fn = newFn(m, target.profile !== "base", name, [binaryen.i32]);
    const base = target.bases(fn);
    if (expanded.kind === "matmul") emitMatmul(target, expanded, name);
    else
      finishFn(
        fn,
        binaryen.none,
        loopKernelCode(fn, expanded, buffers, base, null, { table: true, bases: target.bases }),
      );
    return [m.call(name, [m.local.get(0, binaryen.i32)], binaryen.none)];
  };
  const run = newFn(m, false, "run", [binaryen.i32]);
  const base = target.bases(run);
  const place = (id: BufferId): Where => {
    const { local, offset } = base(id);
    return { pointer: () => get(run, local), bytes: offset };
  };
  const cells: Cells = {
    read: (id, dtype) => loadScalar(run, dtype, place(id)),
    write: (id, dtype, value) => storeScalar(run, dtype, place(id), value),
  };
  const calls = emitSteps(run, cells, program.steps, call);
  finishFn(run, binaryen.none, calls);
  m.addFunctionExport("run", "run");
};

/** A function of numbers: every buffer is a register, all kernels are one function. */
const emitScalarProgram = (m: binaryen.Module, program: KernelProgram, fma: boolean): void => {
  const inputs = Array.from({ length: program.inputs }, (_, k) =>
    program.buffers.find((b) => b.place.kind === "input" && b.place.index === k),
  );
  const fn = newFn(
    m,
    fma,
    "call",
    inputs.map((b) => wasmType(b?.dtype ?? "i32")),
  );
  const buffers = buffersById(program);
  const locals = new Map<BufferId, number>();
  for (const buffer of program.buffers) {
    if (buffer.size !== 1) internal(`a function of numbers has a buffer of ${buffer.size} elements`);
    const { place } = buffer;
    if (place.kind === "input") locals.set(buffer.id, place.index);
    else {
      const local = newLocal(fn, wasmType(buffer.dtype));
      locals.set(buffer.id, local);
      if (place.kind === "data")
        fn.head.push(set(fn, local, scalarConst(fn, buffer.dtype, place.values[0] ?? 0)));
    }
  }
  const base = (id: BufferId): Base => internal(`buffer ${id} of a function of numbers has no address`);
  const localOf = (id: BufferId): number => locals.get(id) ?? internal(`buffer ${id} has no register`);
  const cells: Cells = {
    read: (id) => get(fn, localOf(id)),
    write: (id, _dtype, value) => set(fn, localOf(id), value),
  };
  const body = emitSteps(fn, cells, program.steps, (kernel) => {
    const expanded = expandMath(kernel);
    if (expanded.kind === "matmul") return internal("a matrix product in a function of numbers");
    return loopKernelCode(fn, expanded, buffers, base, locals, { table: false, bases: () => base });
  });
  const [result = internal("a function of numbers without a result")] = program.results;
  const returned = program.buffers.find(
    (b) => b.place.kind === result.kind && b.place.index === result.index,
  );
  const local = locals.get(returned?.id ?? -1) ?? internal("the result has no register");
  finishFn(fn, wasmType(returned?.dtype ?? "f64"), [...body, get(fn, local)]);
  m.addFunctionExport("call", "call");
};

/** Emits a program, without further optimisation, as WASM and on request as text. */
export const emitModule = (
  program: KernelProgram,
  profile: Profile,
  options: { readonly wat: boolean },
): Emitted => {
  const fma = profile !== "base";
  const m = newModule(fma);
  binaryen.setDebugInfo(true); // the name section
  try {
    if (program.scalar) emitScalarProgram(m, program, fma);
    else emitTableProgram(m, program, profile);
    const wasm = m.emitBinary();
    if (process.env.TSCJIT_VERIFY === "1" && m.validate() === 0)
      internal(`program ${program.name} gave invalid WASM`, m.emitText());
    return options.wat ? { wasm, wat: m.emitText() } : { wasm };
  } finally {
    m.dispose();
  }
};
