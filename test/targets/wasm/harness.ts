/** Runs kernel programs as WASM on plain arrays, the way the runtime calls them, and builds kernels by hand. */
import { BYTES, type DType } from "../../../compiler/ir/types.js";
import type {
  Address,
  AxisId,
  Buffer,
  BufferId,
  Carry,
  Combine,
  KernelOp,
  KernelProgram,
  LoopStmt,
  Profile,
  RegType,
  RuntimeErrorEntry,
  Step,
  Stmt,
  ValueId,
} from "../../../compiler/kernel/types.js";
import { compileInProcess } from "../../../compiler/targets/wasm/in-process.js";
import { detectProfile } from "../../../compiler/targets/wasm/profile.js";
import { scratchFor } from "../../../compiler/targets/wasm/scratch.js";

export type Data = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export const typedArray = (dtype: DType, buffer: ArrayBufferLike, at: number, size: number): Data => {
  switch (dtype) {
    case "f32":
      return new Float32Array(buffer, at, size);
    case "f64":
      return new Float64Array(buffer, at, size);
    case "i32":
      return new Int32Array(buffer, at, size);
    case "u32":
      return new Uint32Array(buffer, at, size);
    case "bool":
      return new Uint8Array(buffer, at, size);
  }
};
export const dataOf = (dtype: DType, values: ArrayLike<number>): Data => {
  const data = typedArray(dtype, new ArrayBuffer(values.length * BYTES[dtype]), 0, values.length);
  data.set(values);
  return data;
};

export const PROFILES: readonly Profile[] = detectProfile() === "base" ? ["base"] : ["base", "fma"];

export class ProgramTrap extends Error {
  constructor(
    readonly error: number,
    readonly detail: number,
  ) {
    super(`check ${error} failed with ${detail}`);
  }
}

const align = (n: number): number => (n + 63) & ~63;

export interface Loaded {
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  readonly wat: string;
}

/** Room for rows that tapes need beyond what they have at first: always at another place, so that stale addresses show. */
const createGrow =
  (memory: WebAssembly.Memory) =>
  (words: number, index: number, rowBytes: number): void => {
    const rows = index + 3;
    const at = memory.buffer.byteLength;
    memory.grow(Math.ceil((rows * rowBytes) / 65536) + 1);
    const view = new Int32Array(memory.buffer);
    const [address = 0, used = 0] = view.subarray(words / 4);
    const bytes = new Uint8Array(memory.buffer);
    bytes.copyWithin(at, address, address + used * rowBytes);
    bytes.fill(0xa5, address, address + used * rowBytes);
    bytes.fill(0xa5, at + used * rowBytes);
    view.set([at, used, rows], words / 4);
  };

export const load = async (program: KernelProgram, profile: Profile, bytes: number): Promise<Loaded> => {
  const { wasm, wat = "" } = await compileInProcess(program, profile, { wat: true });
  const memory = new WebAssembly.Memory({
    initial: Math.ceil(bytes / 65536) + 1,
    maximum: 65536,
    shared: true,
  });
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  } catch (error) {
    throw new Error(`${String(error)}\n${wat}`);
  }
  const instance = new WebAssembly.Instance(module, { env: { memory, grow: createGrow(memory) } });
  return { exports: instance.exports, memory, wat };
};

/** Places all buffers between canaries, calls `run` and returns the outputs; a trap becomes a ProgramTrap. */
export const runProgram = async (
  program: KernelProgram,
  inputs: readonly Data[],
  profile: Profile = "base",
): Promise<Data[]> => (await prepare(program, inputs, profile)).run();

export interface Prepared {
  readonly wat: string;
  /** Views of the buffers in memory: what `call` reads and writes. */
  readonly inputs: readonly Data[];
  readonly outputs: readonly Data[];
  readonly call: () => void;
  readonly run: () => Data[];
}

export const prepare = async (
  program: KernelProgram,
  inputs: readonly Data[],
  profile: Profile,
): Promise<Prepared> => {
  const CANARY = 64;
  let top = 4096;
  const reserve = (bytes: number): number => {
    const at = top + CANARY;
    top = align(at + bytes) + CANARY;
    return at;
  };
  const group = (kind: "input" | "output" | "data"): Buffer[] =>
    program.buffers.filter((b) => b.place.kind === kind).sort((a, b) => indexOf(a) - indexOf(b));
  const indexOf = (b: Buffer): number => ("index" in b.place ? b.place.index : 0);
  const place = (b: Buffer): { b: Buffer; at: number } => ({ b, at: reserve(b.size * BYTES[b.dtype]) });
  const ins = group("input").map(place);
  const outs = group("output").map(place);
  const scratch = reserve(program.scratchBytes + scratchFor(program));
  const datas = group("data").map(place);
  const tapes = program.buffers
    .filter((b) => b.place.kind === "tape")
    .sort((a, b) => indexOf(a) - indexOf(b))
    .map((b) => ({ at: reserve(2 * b.size * BYTES[b.dtype]), size: 2 * b.size * BYTES[b.dtype] }));
  const loaded = await load(program, profile, top + 65536);
  const bytes = new Uint8Array(loaded.memory.buffer);
  const table = 1024;
  const i32 = new Int32Array(loaded.memory.buffer);
  const all = [...ins.map((p) => p.at), ...outs.map((p) => p.at), scratch, ...datas.map((p) => p.at)];
  const enter = (): void => i32.set([...all, ...tapes.flatMap(({ at }) => [at, 0, 2])], table / 4);
  const view = (p: { b: Buffer; at: number }): Data =>
    typedArray(p.b.dtype, loaded.memory.buffer, p.at, p.b.size);
  const fill = (): void => {
    bytes.fill(0xa5, 4096);
    ins.forEach((p, k) => void view(p).set(inputs[k] ?? []));
    for (const p of datas) if (p.b.place.kind === "data") view(p).set(p.b.place.values);
  };
  fill();
  enter();
  const { run } = loaded.exports;
  const entry = program.scalar ? loaded.exports.call : run;
  if (typeof entry !== "function") throw new Error("the module exports no function to call");
  const call = program.scalar
    ? (): void => {
        const result: unknown = entry(...inputs.map((x) => x[0]));
        const out = outs[0];
        if (out !== undefined) view(out).set([Number(result)]);
      }
    : (): void => void entry(table);
  return {
    wat: loaded.wat,
    inputs: ins.map(view),
    outputs: outs.map(view),
    call,
    run: () => {
      fill();
      enter();
      i32[2] = 0;
      try {
        call();
      } catch (error) {
        const failed = i32[2] ?? 0;
        if (failed === 0) throw error;
        throw new ProgramTrap(failed - 1, i32[3] ?? 0);
      }
      const sizes = new Map([...ins, ...outs, ...datas].map((p) => [p.at, p.b.size * BYTES[p.b.dtype]]));
      sizes.set(scratch, program.scratchBytes + scratchFor(program));
      for (const { at, size } of tapes) sizes.set(at, size);
      for (const [at, size] of sizes) {
        for (let k = 1; k <= CANARY; k++)
          if (bytes[at - k] !== 0xa5) throw new Error(`wrote ${k} bytes before ${at}`);
        for (let k = 0; k < CANARY; k++)
          if (bytes[at + size + k] !== 0xa5)
            throw new Error(`wrote ${k} bytes after a buffer of ${size} bytes`);
      }
      return outs.map((p) => view(p).slice());
    },
  };
};

/** Writes statements with fresh ids. */
export class KernelBuilder {
  private next = 0;
  readonly buffers: Buffer[] = [];
  private lists: Stmt[][] = [[]];

  private emit(stmt: Stmt): void {
    this.lists.at(-1)?.push(stmt);
  }
  id(): number {
    return this.next++;
  }
  input(dtype: DType, size: number): BufferId {
    return this.buffer(dtype, size, "input");
  }
  output(dtype: DType, size: number): BufferId {
    return this.buffer(dtype, size, "output");
  }
  private buffer(dtype: DType, size: number, kind: "input" | "output"): BufferId {
    const index = this.buffers.filter((b) => b.place.kind === kind).length;
    const id = this.buffers.length;
    this.buffers.push({ id, dtype, size, place: { kind, index } });
    return id;
  }
  constant(type: RegType, value: number | bigint): ValueId {
    const id = this.id();
    this.emit({ kind: "const", id, type, value });
    return id;
  }
  axis(axis: AxisId): ValueId {
    const id = this.id();
    this.emit({ kind: "axis", id, axis });
    return id;
  }
  op(op: KernelOp, type: RegType, ...args: ValueId[]): ValueId {
    const id = this.id();
    this.emit({ kind: "op", id, op, args, type });
    return id;
  }
  load(buffer: BufferId, at: Address): ValueId {
    const id = this.id();
    const type = this.buffers[buffer]?.dtype ?? "f32";
    this.emit({ kind: "load", id, buffer, at, type });
    return id;
  }
  store(buffer: BufferId, at: Address, value: ValueId, mode: "set" | "add" = "set"): void {
    this.emit({ kind: "store", buffer, at, value, mode });
  }
  check(cond: ValueId, error: number, detail: ValueId | null = null): void {
    this.emit({ kind: "check", cond, error, detail, values: [] });
  }
  /** A loop over a fresh axis; `body` gives the carries. */
  loop(extent: number, parallel: boolean, body: (axis: AxisId) => readonly Carry[]): void {
    const axis = this.id();
    this.lists.push([]);
    const carries = body(axis);
    const list = this.lists.pop() ?? [];
    const loop: LoopStmt = { kind: "loop", axis, extent, parallel, carries, body: list };
    this.emit(loop);
  }
  reduce(combine: Combine, type: DType, init: ValueId, value: ValueId): { carry: Carry; result: ValueId } {
    const result = this.id();
    return { carry: { kind: "reduce", combine, type, init, value, result }, result };
  }
  body(): Stmt[] {
    return this.lists[0] ?? [];
  }
  program(
    options: Partial<Pick<KernelProgram, "scratchBytes" | "errors" | "scalar">> & {
      steps?: readonly Step[];
    } = {},
  ): KernelProgram {
    const errors: readonly RuntimeErrorEntry[] = options.errors ?? [];
    return {
      name: "test",
      buffers: this.buffers,
      steps: options.steps ?? [{ kind: "loops", name: "k0", spans: [], body: this.body() }],
      inputs: this.buffers.filter((b) => b.place.kind === "input").length,
      outputs: this.buffers.filter((b) => b.place.kind === "output").length,
      results: [{ kind: "output", index: 0 }],
      scratchBytes: options.scratchBytes ?? 0,
      errors,
      scalar: options.scalar ?? false,
    };
  }
}

export const at = (offset: number, ...terms: readonly (readonly [AxisId, number])[]): Address => ({
  offset,
  terms: terms.map(([axis, stride]) => ({ axis, stride })),
  dynamic: null,
});

/** f(0), f(1), .., f(n - 1) */
export const ramp = (n: number, f: (k: number) => number): number[] =>
  Array.from({ length: n }, (_, k) => f(k));
export const first = (outputs: readonly Data[]): number[] => [...(outputs[0] ?? [])];
