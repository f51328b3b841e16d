/**
 * The memory that all compiled programs share. Results are born in it. It is bounded: when it is full, the arrays used
 * least recently move to the JavaScript heap, where the garbage collector takes those that nobody holds; so nobody
 * frees anything, and a synchronous loop, in which no finaliser ever runs, stays within the bound.
 */

import { fail } from "../compiler/diagnostics.js";
import { BYTES, type DType } from "../compiler/ir/types.js";
import type { Data, DataOf } from "../compiler/ops/op.js";
import { type Block, createAllocator, roundUp } from "./allocator.js";

/** Bytes 8 and 12 hold a failed check's error and detail; programs never own an address below this. */
export const RESERVED_BYTES = 65536;
const PAGE = 65536;
const MAX_PAGES = 65536;
/** Grows by at least this much at a time, up to the soft limit. */
const GROWTH_BYTES = 4 << 20;
/** Arrays at least this large are freed by a finaliser where one happens to run; below, eviction is as cheap. */
const FINALIZED_BYTES = 16384;
/** Copies up to this length are made by a loop: slice() on shared memory costs a microsecond. */
const LOOP_LENGTH = 48;

/** What links the finaliser to a storage without keeping the storage's heap copy alive. */
interface Lease {
  storage: Storage | null;
  tensors: number;
}

/**
 * The elements of one array: in the arena (`block`), on the heap, or both, equal then. Elements never change once the
 * storage is made.
 */
export interface Storage {
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: number;
  block: Block | null;
  heap: Data | null;
  /** Calls in progress that read it: it stays where it is. */
  pins: number;
  lease: Lease | null;
  /** It had to leave the arena before. */
  evicted: boolean;
  /** Neighbours in the order of use, while in the arena. */
  older: Storage | null;
  newer: Storage | null;
}

export interface ArenaStats {
  /** Bytes of address space: never shrinks. */
  readonly committedBytes: number;
  readonly usedBytes: number;
  /** The most that `usedBytes` has been since the last `resetPeak`: calls' arguments, results and working memory. */
  readonly peakBytes: number;
  /** Arrays in the arena. */
  readonly resident: number;
  readonly evictions: number;
}

export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** Raw space for a call: never evicted; release it. Throws a diagnostic when the 4 GiB end. */
  readonly allocate: (bytes: number) => Block;
  readonly release: (block: Block) => void;
  /** Makes a block that a program has filled an array's storage. */
  readonly adopt: (block: Block, dtype: DType, length: number) => Storage;
  /** Copies `data` to `address`. */
  readonly write: (address: number, data: Data) => void;
  /** Moves bytes; the ranges may overlap. */
  readonly copyWithin: (to: number, from: number, bytes: number) => void;
  /** A fresh copy of the elements at `address`. */
  readonly copyOut: (dtype: DType, address: number, length: number) => Data;
  /** One element: a number, or 0 or 1 for bool. */
  readonly readAt: (dtype: DType, address: number, index: number) => number;
  readonly writeAt: (dtype: DType, address: number, value: number) => void;
  /** Brings the storage into the arena, keeps it there until `unpin`, and gives its address. */
  readonly pin: (storage: Storage) => number;
  readonly unpin: (storage: Storage) => void;
  /** A fresh copy of a storage's elements. */
  readonly read: (storage: Storage) => Data;
  /** Lets the storage go early once `holder` and its other registered holders have been collected. */
  readonly watch: (holder: object, storage: Storage) => void;
  readonly stats: () => ArenaStats;
  readonly resetPeak: () => void;
}

const construct: { readonly [D in DType]: (length: number) => DataOf[D] } = {
  f32: (n) => new Float32Array(n),
  f64: (n) => new Float64Array(n),
  i32: (n) => new Int32Array(n),
  u32: (n) => new Uint32Array(n),
  bool: (n) => new Uint8Array(n),
};

/** A zeroed array of a dtype's storage. */
export const newData = (dtype: DType, length: number): Data => construct[dtype](length);

/** A storage whose elements are on the heap; the caller gives `data` away. */
export const heapStorage = (dtype: DType, data: Data): Storage => ({
  dtype,
  length: data.length,
  block: null,
  heap: data,
  pins: 0,
  lease: null,
  evicted: false,
  older: null,
  newer: null,
});

const viewsOf = (buffer: ArrayBufferLike): { readonly [D in DType]: DataOf[D] } => ({
  f32: new Float32Array(buffer),
  f64: new Float64Array(buffer),
  i32: new Int32Array(buffer),
  u32: new Uint32Array(buffer),
  bool: new Uint8Array(buffer),
});

/**
 * @param initialBytes bound on the address space; only what a single call needs at once may exceed it. The default leaves
 *   room for the evicted arrays that pile up before V8 collects them (`collectYoung`).
 * @param maxBytes what the bound may grow to where arrays that had to leave are used again
 */
export const createArena = (initialBytes = 16 << 20, maxBytes = 256 << 20): Arena => {
  let softBytes = initialBytes;
  const memory = new WebAssembly.Memory({
    initial: RESERVED_BYTES / PAGE,
    maximum: MAX_PAGES,
    shared: true,
  });
  const allocator = createAllocator(RESERVED_BYTES);
  let views = viewsOf(memory.buffer);
  let oldest: Storage | null = null;
  let newest: Storage | null = null;
  let resident = 0;
  let evictions = 0;
  let evictedBytes = 0;

  const link = (storage: Storage): void => {
    storage.older = newest;
    storage.newer = null;
    if (newest === null) oldest = storage;
    else newest.newer = storage;
    newest = storage;
  };
  const unlink = (storage: Storage): void => {
    const { older, newer } = storage;
    if (older === null) oldest = newer;
    else older.newer = newer;
    if (newer === null) newest = older;
    else newer.older = older;
    storage.older = null;
    storage.newer = null;
  };

  const finalizers = new FinalizationRegistry<Lease>((lease) => {
    lease.tensors--;
    const { storage } = lease;
    if (lease.tensors === 0 && storage !== null && storage.pins === 0) leave(storage);
  });

  /** Gives the storage's block back; its elements are lost unless they are on the heap. */
  const leave = (storage: Storage): void => {
    const { block, lease } = storage;
    if (block === null) return;
    unlink(storage);
    resident--;
    storage.block = null;
    allocator.release(block);
    if (lease === null) return;
    finalizers.unregister(lease);
    lease.storage = null;
    storage.lease = null;
  };

  const evict = (storage: Storage): void => {
    if (storage.block === null) return;
    storage.heap ??= copyOut(storage.dtype, storage.block.start, storage.length);
    storage.evicted = true;
    evictions++;
    evictedBytes += storage.length * BYTES[storage.dtype];
    leave(storage);
    pressureHandler(evictedBytes);
  };

  /** Adds at least `bytes`; false where the 4 GiB end. */
  const grow = (bytes: number): boolean => {
    const pages = Math.ceil(bytes / PAGE);
    if (allocator.end() / PAGE + pages > MAX_PAGES) return false;
    try {
      memory.grow(pages);
    } catch {
      return false; // the system has no more memory to give
    }
    allocator.extend(pages * PAGE);
    views = viewsOf(memory.buffer);
    return true;
  };

  const allocate = (bytes: number): Block => {
    let next: Storage | null = oldest;
    for (;;) {
      const block = allocator.allocate(bytes);
      if (block !== null) return block;
      const room = softBytes - allocator.end();
      const wanted = Math.max(roundUp(bytes), GROWTH_BYTES);
      if (wanted <= room && grow(wanted)) continue;
      while (next !== null && next.pins > 0) next = next.newer;
      if (next !== null) {
        const victim: Storage = next;
        next = victim.newer;
        evict(victim);
        continue;
      }
      if (!grow(roundUp(bytes)))
        return fail("TSJ5001", "range", `no room for ${bytes} bytes: the shared memory ends at 4 GiB`, {
          hint: "split the call into smaller ones",
        });
    }
  };

  const adopt = (block: Block, dtype: DType, length: number): Storage => {
    const storage: Storage = {
      dtype,
      length,
      block,
      heap: null,
      pins: 0,
      lease: null,
      evicted: false,
      older: null,
      newer: null,
    };
    link(storage);
    resident++;
    return storage;
  };

  const copyOut = (dtype: DType, address: number, length: number): Data => {
    const view = views[dtype];
    const from = address / BYTES[dtype];
    if (length > LOOP_LENGTH) return view.slice(from, from + length);
    const copy = newData(dtype, length);
    for (let k = 0; k < length; k++) copy[k] = view[from + k] ?? 0;
    return copy;
  };

  const write = (address: number, data: Data): void => {
    const view =
      data instanceof Float32Array
        ? views.f32
        : data instanceof Float64Array
          ? views.f64
          : data instanceof Int32Array
            ? views.i32
            : data instanceof Uint32Array
              ? views.u32
              : views.bool;
    view.set(data, address / data.BYTES_PER_ELEMENT);
  };

  const pin = (storage: Storage): number => {
    if (storage.block === null) {
      const { heap } = storage;
      const block = allocate(storage.length * BYTES[storage.dtype]);
      if (heap !== null) write(block.start, heap);
      storage.block = block;
      link(storage);
      resident++;
      if (storage.evicted) softBytes = Math.min(softBytes + block.size, maxBytes);
    } else if (storage !== newest) {
      unlink(storage);
      link(storage);
    }
    storage.pins++;
    return storage.block.start;
  };

  const watch = (holder: object, storage: Storage): void => {
    if (storage.block === null || storage.block.size < FINALIZED_BYTES) return;
    storage.lease ??= { storage, tensors: 0 };
    storage.lease.tensors++;
    finalizers.register(holder, storage.lease, storage.lease);
  };

  return {
    memory,
    allocate,
    release: allocator.release,
    adopt,
    write,
    copyWithin: (to, from, bytes) => void views.bool.copyWithin(to, from, from + bytes),
    copyOut,
    readAt: (dtype, address, index) => views[dtype][address / BYTES[dtype] + index] ?? Number.NaN,
    writeAt: (dtype, address, value) => {
      views[dtype][address / BYTES[dtype]] = value;
    },
    pin,
    unpin: (storage) => {
      storage.pins--;
    },
    read: (storage) =>
      storage.heap !== null
        ? storage.heap.slice()
        : copyOut(storage.dtype, storage.block?.start ?? 0, storage.length),
    watch,
    stats: () => ({
      committedBytes: allocator.end(),
      usedBytes: allocator.usedBytes(),
      peakBytes: allocator.peakBytes(),
      resident,
      evictions,
    }),
    resetPeak: allocator.resetPeak,
  };
};

let pressureHandler = (_evictedBytes: number): void => undefined;
/** `handler` hears, whenever an array has to leave the arena, how much has left in all: others may give memory back then. */
export const onMemoryPressure = (handler: (evictedBytes: number) => void): void => {
  pressureHandler = handler;
};

let shared: Arena | null = null;

/** The arena of this process, made when it is first needed. */
export const arena = (): Arena => {
  shared ??= createArena();
  return shared;
};
