/**
 * Address-space allocator of the arena: two-level segregated fit. Free blocks are binned by size (powers of two, each
 * split in 16), neighbours are merged at once, allocation and freeing take constant time. It touches no memory.
 * Reference: Masmano, Ripoll, Crespo, Real, "TLSF: a new dynamic memory allocator for real-time systems" (2004).
 */

/** Every block starts at a multiple of this and is a multiple of this long, in bytes: a cache line. */
export const ALIGNMENT = 64;

const SPLITS_LOG2 = 4;
const SPLITS = 1 << SPLITS_LOG2;
/** Sizes are counted in units of ALIGNMENT: 4 GiB is 2^26 units. */
const CLASSES = 27;

/** A contiguous range of addresses, in bytes. `before` and `after` are its neighbours by address. */
export interface Block {
  start: number;
  size: number;
  free: boolean;
  before: Block | null;
  after: Block | null;
  nextFree: Block | null;
  previousFree: Block | null;
}

export interface Allocator {
  /** A block of at least `bytes` (at least one unit), or null where no free block is large enough. */
  readonly allocate: (bytes: number) => Block | null;
  /** Gives a block back; its neighbours may swallow it, so the record must not be used again. */
  readonly release: (block: Block) => void;
  /** Adds `bytes` of address space at the end. */
  readonly extend: (bytes: number) => void;
  /** First address after the space handed in so far. */
  readonly end: () => number;
  /** Bytes in blocks that are not free. */
  readonly usedBytes: () => number;
  /** The most that `usedBytes` has been since the last `resetPeak`. */
  readonly peakBytes: () => number;
  readonly resetPeak: () => void;
  /** All blocks by address (for tests and statistics). */
  readonly blocks: () => readonly Block[];
}

/** Bytes rounded up to whole units. */
export const roundUp = (bytes: number): number => Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;

/** Bin of a size in units: floor(log2) and the next SPLITS_LOG2 bits. Small sizes have a bin each. */
const binOf = (units: number): number => {
  if (units < SPLITS) return units;
  const log = 31 - Math.clz32(units);
  return (log - SPLITS_LOG2 + 1) * SPLITS + ((units >> (log - SPLITS_LOG2)) - SPLITS);
};

/** First bin all of whose blocks are at least `units` long. */
const binAtLeast = (units: number): number => {
  if (units < SPLITS) return units;
  const log = 31 - Math.clz32(units);
  return binOf(units + (1 << (log - SPLITS_LOG2)) - 1);
};

/** An allocator over the addresses from `start` (a multiple of ALIGNMENT), empty until it is extended. */
export const createAllocator = (start: number): Allocator => {
  const bins: (Block | null)[] = new Array<Block | null>(CLASSES * SPLITS).fill(null);
  /** Bit b of word c: bin c * SPLITS + b is not empty. */
  const occupied = new Int32Array(CLASSES);
  let last: Block | null = null;
  let end = start;
  let used = 0;
  let peak = 0;

  const insert = (block: Block): void => {
    const bin = binOf(block.size / ALIGNMENT);
    const head = bins[bin] ?? null;
    block.free = true;
    block.previousFree = null;
    block.nextFree = head;
    if (head !== null) head.previousFree = block;
    bins[bin] = block;
    occupied[bin >> SPLITS_LOG2] = (occupied[bin >> SPLITS_LOG2] ?? 0) | (1 << (bin & (SPLITS - 1)));
  };

  const remove = (block: Block): void => {
    const bin = binOf(block.size / ALIGNMENT);
    const { previousFree, nextFree } = block;
    if (previousFree === null) bins[bin] = nextFree;
    else previousFree.nextFree = nextFree;
    if (nextFree !== null) nextFree.previousFree = previousFree;
    if (bins[bin] === null)
      occupied[bin >> SPLITS_LOG2] = (occupied[bin >> SPLITS_LOG2] ?? 0) & ~(1 << (bin & (SPLITS - 1)));
    block.free = false;
    block.previousFree = null;
    block.nextFree = null;
  };

  /** Some free block in bin `from` or a later one. */
  const firstFrom = (from: number): Block | null => {
    let word = from >> SPLITS_LOG2;
    let bits = (occupied[word] ?? 0) & (-1 << (from & (SPLITS - 1)));
    while (bits === 0) {
      word++;
      if (word >= CLASSES) return null;
      bits = occupied[word] ?? 0;
    }
    const bit = 31 - Math.clz32(bits & -bits);
    return bins[word * SPLITS + bit] ?? null;
  };

  /** The bin that `units` itself falls in may hold a block that is just large enough. */
  const firstFitIn = (bin: number, size: number): Block | null => {
    let block = bins[bin] ?? null;
    while (block !== null && block.size < size) block = block.nextFree;
    return block;
  };

  const allocate = (bytes: number): Block | null => {
    const size = roundUp(bytes);
    const units = size / ALIGNMENT;
    // Exact reuse first: loops ask for the same sizes again and again.
    const own = bins[binOf(units)] ?? null;
    const found =
      own !== null && own.size === size
        ? own
        : (firstFrom(binAtLeast(units)) ?? firstFitIn(binOf(units), size));
    if (found === null) return null;
    remove(found);
    if (found.size > size) {
      const rest: Block = {
        start: found.start + size,
        size: found.size - size,
        free: true,
        before: found,
        after: found.after,
        nextFree: null,
        previousFree: null,
      };
      if (found.after === null) last = rest;
      else found.after.before = rest;
      found.after = rest;
      found.size = size;
      insert(rest);
    }
    used += size;
    if (used > peak) peak = used;
    return found;
  };

  /** Joins `right` to `left`, its neighbour before; neither is in a bin. */
  const join = (left: Block, right: Block): Block => {
    left.size += right.size;
    left.after = right.after;
    if (right.after === null) last = left;
    else right.after.before = left;
    return left;
  };

  const release = (block: Block): void => {
    if (block.free) throw new Error(`block at ${block.start} is released twice`);
    used -= block.size;
    let merged = block;
    const { before, after } = block;
    if (after?.free === true) {
      remove(after);
      merged = join(merged, after);
    }
    if (before?.free === true) {
      remove(before);
      merged = join(before, merged);
    }
    // A record that was swallowed stays marked, so that releasing it again is noticed.
    block.free = true;
    insert(merged);
  };

  const extend = (bytes: number): void => {
    const size = Math.floor(bytes / ALIGNMENT) * ALIGNMENT;
    const block: Block = {
      start: end,
      size,
      free: false,
      before: last,
      after: null,
      nextFree: null,
      previousFree: null,
    };
    if (last !== null) last.after = block;
    last = block;
    end += size;
    used += size;
    release(block);
  };

  const blocks = (): readonly Block[] => {
    const all: Block[] = [];
    for (let block = last; block !== null; block = block.before) all.push(block);
    return all.reverse();
  };

  return {
    allocate,
    release,
    extend,
    end: () => end,
    usedBytes: () => used,
    peakBytes: () => peak,
    resetPeak: () => {
      peak = used;
    },
    blocks,
  };
};
