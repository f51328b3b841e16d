/** Runs compiled programs: places their arguments in the arena, calls the module, takes the results. */
import { diagnostic, errorOf, internal, TscJitError } from "../compiler/diagnostics.js";
import { BYTES, type DType, sizeOf, type TensorType } from "../compiler/ir/types.js";
import {
  checkText,
  type KernelProgram,
  type ResultPlace,
  type RuntimeErrorEntry,
} from "../compiler/kernel/types.js";
import { MAX_SHOWN } from "../compiler/ops/check-text.js";
import type { Data } from "../compiler/ops/op.js";
import { type Block, roundUp } from "./allocator.js";
import { arena, heapStorage, newData, type Storage } from "./arena.js";
import { isNative, isTyped, writeConverted } from "./convert-elements.js";
import type { HostLeaf } from "./signature.js";
import { FIRST_TAPE_BYTES, TAPE_WORDS, type TapeRoom, tapeRoom, tapeWords } from "./tape-room.js";
import { isTensor, storageOf } from "./tensor.js";

/** What it takes to run a program: plain data, which can be kept on disk. */
export interface Binary {
  readonly name: string;
  readonly wasm: Uint8Array;
  /** Exports `call(...numbers)`; otherwise `run(table)`. */
  readonly scalar: boolean;
  readonly inputs: readonly TensorType[];
  readonly results: readonly ResultPlace[];
  readonly resultTypes: readonly TensorType[];
  /** In index order. A result may be a view of its output: another shape, or the same bits as another dtype. */
  readonly outputs: readonly { readonly dtype: DType; readonly size: number }[];
  readonly scratchBytes: number;
  /** Bytes per row. */
  readonly tapes: readonly number[];
  readonly data: readonly { readonly dtype: DType; readonly values: readonly number[] }[];
  readonly errors: readonly RuntimeErrorEntry[];
}

/** A result: of rank 0 its value (bool as 0 or 1), else its storage. */
export type ResultValue = number | Storage;

export interface Executable {
  /** One value per result. Throws a diagnostic of kind "range" where a check fails; nothing is lost then. */
  readonly run: (leaves: readonly HostLeaf[]) => readonly ResultValue[];
  /** For programs of numbers with one result: the bare call, which neither converts nor allocates. */
  readonly scalar: ((...args: number[]) => number) | null;
}

/** @param extraScratchBytes what the target needs beyond the program's own scratch block */
export const binaryOf = (
  program: KernelProgram,
  wasm: Uint8Array,
  inputs: readonly TensorType[],
  resultTypes: readonly TensorType[],
  extraScratchBytes: number,
): Binary => {
  const outputs = Array.from({ length: program.outputs }, (_, index) => {
    const buffer = program.buffers.find(({ place }) => place.kind === "output" && place.index === index);
    const { dtype, size } = buffer ?? internal(`output ${index} of ${program.name} has no buffer`);
    return { dtype, size };
  });
  const data = program.buffers.flatMap(({ dtype, place }) =>
    place.kind === "data" ? [{ index: place.index, dtype, values: place.values }] : [],
  );
  const tapes = program.buffers.flatMap(({ dtype, size, place }) =>
    place.kind === "tape" ? [{ index: place.index, rowBytes: size * BYTES[dtype] }] : [],
  );
  return {
    name: program.name,
    wasm,
    scalar: program.scalar,
    inputs,
    results: program.results,
    resultTypes,
    outputs,
    scratchBytes: program.scratchBytes + extraScratchBytes,
    tapes: tapes.sort((a, b) => a.index - b.index).map(({ rowBytes }) => rowBytes),
    data: data.sort((a, b) => a.index - b.index).map(({ dtype, values }) => ({ dtype, values })),
    errors: program.errors,
  };
};

const ERROR_CELL = 8;
const DETAIL_CELL = 12;
const VALUE_CELLS = 16;

/** The diagnostic for a call that trapped; anything that is no trap is handed on. */
const trapError = (binary: Binary, cause: unknown): unknown => {
  if (!(cause instanceof WebAssembly.RuntimeError)) return cause;
  const { readAt, writeAt } = arena();
  const index = readAt("i32", ERROR_CELL, 0) - 1;
  const detail = readAt("i32", DETAIL_CELL, 0);
  writeAt("i32", ERROR_CELL, 0);
  const entry = binary.errors[index];
  if (entry === undefined)
    return new TscJitError(
      [
        diagnostic("TSJ9001", "internal", `the compiled program ${binary.name} trapped: ${cause.message}`, {
          hint: "this is a fault in tsc-jit; set TSCJIT_DEBUG=4 to see the program",
        }),
      ],
      { cause },
    );
  const values = Array.from({ length: MAX_SHOWN }, (_, k) => readAt("f64", VALUE_CELLS, k));
  const message = checkText(entry.message, detail, values);
  return errorOf([diagnostic(entry.code, "range", message, { span: entry.span })], { cause });
};

/** Elements of an argument that is no tensor, as the program wants them. */
const elementsOf = (leaf: HostLeaf, type: TensorType): Data => {
  if (typeof leaf === "number" || isTensor(leaf)) return internal("a number or tensor has no host elements");
  const source: ArrayLike<number> = "elements" in leaf ? leaf.elements : leaf;
  const data = newData(type.dtype, sizeOf(type.shape));
  if (source.length !== data.length) internal(`an argument changed its length during the call`);
  data.set(source);
  return data;
};

const isScalarType = (type: TensorType): boolean => type.shape.length === 0;

/** Places of a call's frame: the address table, numbers in, numbers out, scratch, tapes' first room. In bytes from its start. */
interface Frame {
  readonly bytes: number;
  readonly numbersIn: number;
  readonly numbersOut: number;
  readonly scratch: number;
  readonly tapes: number;
}
const frameOf = (binary: Binary): Frame => {
  const entries =
    binary.inputs.length + binary.outputs.length + 1 + binary.data.length + TAPE_WORDS * binary.tapes.length;
  const numbersIn = Math.ceil((4 * entries) / 16) * 16;
  const numbersOut = numbersIn + 8 * binary.inputs.length;
  const scratch = roundUp(numbersOut + 8 * binary.outputs.length);
  const tapes = roundUp(scratch + binary.scratchBytes);
  return { bytes: tapes + FIRST_TAPE_BYTES * binary.tapes.length, numbersIn, numbersOut, scratch, tapes };
};

const dataBlocks = new FinalizationRegistry<readonly Block[]>((blocks) => {
  for (const block of blocks) arena().release(block);
});

/** Writes the program's literals to the arena, where they stay as long as the program does. */
const placeData = (binary: Binary): readonly Block[] => {
  const { allocate, write } = arena();
  return binary.data.map(({ dtype, values }) => {
    const block = allocate(values.length * BYTES[dtype]);
    const data = newData(dtype, values.length);
    data.set(values);
    write(block.start, data);
    return block;
  });
};

/** The same bits as elements of another dtype of the same width. */
const reinterpret = (data: Data, dtype: DType): Data => {
  const copy = newData(dtype, data.length);
  new Uint8Array(copy.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return copy;
};

/** The result that is a view of a number or storage of dtype `from`. */
const viewAs = (value: number | Storage, from: DType, type: TensorType): ResultValue => {
  if (typeof value !== "number" && from === type.dtype && !isScalarType(type)) return value;
  const data =
    typeof value === "number" ? Object.assign(newData(from, 1), { 0: value }) : arena().read(value);
  const cast = from === type.dtype ? data : reinterpret(data, type.dtype);
  return isScalarType(type) ? (cast[0] ?? Number.NaN) : heapStorage(type.dtype, cast);
};

/** A result that is an argument: shares a tensor's storage, copies what the caller may write to. */
const passThrough = (leaf: HostLeaf, input: TensorType, type: TensorType): ResultValue => {
  if (typeof leaf === "number" || isTensor(leaf))
    return viewAs(typeof leaf === "number" ? leaf : storageOf(leaf), input.dtype, type);
  return viewAs(heapStorage(input.dtype, elementsOf(leaf, input)), input.dtype, type);
};

const moduleOf = ({ name, wasm }: Binary): WebAssembly.Module => {
  try {
    return new WebAssembly.Module(new Uint8Array(wasm));
  } catch (e) {
    return internal(
      `the engine refuses the module of ${name}: ${e instanceof Error ? e.message : String(e)}`,
    );
  }
};

/** Instantiates a program. The WASM is compiled here, synchronously. */
export const loadBinary = (binary: Binary): Executable => {
  const { memory } = arena();
  const tapes = tapeRoom();
  const { exports } = new WebAssembly.Instance(moduleOf(binary), { env: { memory, grow: tapes.grow } });
  const entry = binary.scalar ? exports.call : exports.run;
  if (typeof entry !== "function") return internal(`the module of ${binary.name} exports no entry`);
  return binary.scalar
    ? scalarExecutable(binary, entry as (...args: number[]) => number)
    : tableExecutable(binary, entry as (table: number) => void, tapes);
};

const scalarExecutable = (binary: Binary, call: (...args: number[]) => number): Executable => {
  const [type] = binary.resultTypes;
  const [output] = binary.outputs;
  if (type === undefined || output === undefined) return internal(`${binary.name} has no result`);
  // Integers and bool come as i32; the result may be the same bits as another dtype.
  const finish = (raw: number): number => {
    const value = output.dtype === "u32" ? raw >>> 0 : raw;
    return output.dtype === type.dtype ? value : Number(viewAs(value, output.dtype, type));
  };
  const guarded = (...args: number[]): number => {
    try {
      return finish(call(...args));
    } catch (e) {
      throw trapError(binary, e);
    }
  };
  const isBare = binary.errors.length === 0 && output.dtype === type.dtype && type.dtype !== "u32";
  return {
    scalar: isBare ? call : guarded,
    run: (leaves) => [guarded(...leaves.map((leaf, k) => numberOf(leaf, binary.inputs[k])))],
  };
};

/** An argument of rank 0 as a number. */
const numberOf = (leaf: HostLeaf, type: TensorType | undefined): number => {
  if (typeof leaf === "number") return leaf;
  if (!isTensor(leaf) || type === undefined) return internal("an array where a number is wanted");
  const { heap, block } = storageOf(leaf);
  return heap?.[0] ?? arena().readAt(type.dtype, block?.start ?? 0, 0);
};

const tableExecutable = (binary: Binary, run: (table: number) => void, tapes: TapeRoom): Executable => {
  const frame = frameOf(binary);
  const literals = placeData(binary);
  const { inputs, outputs } = binary;
  const memory = arena();

  /** What a call holds; given back in any case. */
  interface Held {
    readonly blocks: Block[];
    readonly pinned: Storage[];
  }

  /** Address of an argument, brought into the arena if need be. */
  const place = (leaf: HostLeaf, type: TensorType, cell: number, held: Held): number => {
    if (typeof leaf === "number") {
      memory.writeAt(type.dtype, cell, leaf);
      return cell;
    }
    if (isTensor(leaf)) {
      const storage = storageOf(leaf);
      const address = memory.pin(storage);
      held.pinned.push(storage);
      return address;
    }
    const block = memory.allocate(sizeOf(type.shape) * BYTES[type.dtype]);
    held.blocks.push(block);
    if (isNative(leaf, type.dtype)) memory.write(block.start, leaf);
    else if (isTyped(leaf, type)) writeConverted(memory.write, block.start, leaf, type.dtype);
    else memory.write(block.start, elementsOf(leaf, type));
    return block.start;
  };

  const call = (leaves: readonly HostLeaf[], held: Held, outs: (Block | null)[]): readonly ResultValue[] => {
    const base = memory.allocate(frame.bytes);
    held.blocks.push(base);
    const { start } = base;
    tapes.begin(start);
    let slot = start;
    const enter = (address: number): void => {
      memory.writeAt("i32", slot, address);
      slot += 4;
    };
    for (let k = 0; k < inputs.length; k++) {
      const type = inputs[k];
      const leaf = leaves[k];
      if (type === undefined || leaf === undefined)
        return internal(`${binary.name} is called without input ${k}`);
      enter(place(leaf, type, start + frame.numbersIn + 8 * k, held));
    }
    for (let k = 0; k < outputs.length; k++) {
      const output = outputs[k];
      if (output === undefined || output.size === 1) {
        outs.push(null);
        enter(start + frame.numbersOut + 8 * k);
      } else {
        const block = memory.allocate(output.size * BYTES[output.dtype]);
        outs.push(block);
        enter(block.start);
      }
    }
    enter(start + frame.scratch);
    for (const block of literals) enter(block.start);
    binary.tapes.forEach((rowBytes, k) => {
      for (const word of tapeWords(start + frame.tapes, k, rowBytes)) enter(word);
    });
    try {
      run(start);
    } catch (e) {
      throw trapError(binary, e);
    }
    return takeResults(leaves, outs, start);
  };

  const takeResults = (
    leaves: readonly HostLeaf[],
    outs: (Block | null)[],
    start: number,
  ): readonly ResultValue[] => {
    // Several results may be one output: they share its storage.
    const values = outputs.map(({ dtype, size }, k): number | Storage => {
      const block = outs[k] ?? null;
      if (block === null) return memory.readAt(dtype, start + frame.numbersOut + 8 * k, 0);
      outs[k] = null;
      return memory.adopt(block, dtype, size);
    });
    return binary.results.map(({ kind, index }, k) => {
      const type = binary.resultTypes[k] ?? internal(`result ${k} of ${binary.name} has no type`);
      const value = kind === "output" ? values[index] : undefined;
      const output = outputs[index];
      if (value !== undefined && output !== undefined) return viewAs(value, output.dtype, type);
      const leaf = leaves[index];
      const input = inputs[index];
      if (leaf === undefined || input === undefined)
        return internal(`result ${k} of ${binary.name} is nowhere`);
      return passThrough(leaf, input, type);
    });
  };

  const executable: Executable = {
    scalar: null,
    run: (leaves) => {
      const held: Held = { blocks: [], pinned: [] };
      const outs: (Block | null)[] = [];
      try {
        return call(leaves, held, outs);
      } finally {
        tapes.release();
        for (const storage of held.pinned) memory.unpin(storage);
        for (const block of held.blocks) memory.release(block);
        // Only after a failure are there outputs that nobody took.
        for (const block of outs) if (block !== null) memory.release(block);
      }
    },
  };
  if (literals.length > 0) dataBlocks.register(executable, literals);
  return executable;
};
