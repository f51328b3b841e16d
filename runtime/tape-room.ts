/** Memory for the tapes of a running program: arrays that get as many rows as the program makes. */
import { fail } from "../compiler/diagnostics.js";
import type { Block } from "./allocator.js";
import { arena } from "./arena.js";

/** Words of the table of addresses that belong to a tape: its address, how many rows it has, for how many there is room. */
export const TAPE_WORDS = 3;
/** What each tape has to begin with, in the call's frame. */
export const FIRST_TAPE_BYTES = 4096;

/** The words of tape `k`, of those whose first room begins at `room`. */
export const tapeWords = (room: number, k: number, rowBytes: number): readonly number[] => [
  room + FIRST_TAPE_BYTES * k,
  0,
  Math.floor(FIRST_TAPE_BYTES / rowBytes),
];

export interface TapeRoom {
  /** A call begins, with its table of addresses at `table`. */
  readonly begin: (table: number) => void;
  /**
   * Makes room for row `index` of the tape whose words lie at `words`, and for at least twice as many rows as before. The next call
   * begins with as much as this one needed.
   */
  readonly grow: (words: number, index: number, rowBytes: number) => void;
  /** Gives back what the call's tapes took. */
  readonly release: () => void;
}

let latest = 0;
/** Bytes that the tapes of the last program which has tapes took, beyond their first room. */
export const latestTapeBytes = (): number => latest;

/** The room of one program's tapes: one call at a time. */
export const tapeRoom = (): TapeRoom => {
  const taken = new Map<number, Block>();
  /** Rows that each tape, by its place in the table, had at the end of the last call that needed room. */
  const needed = new Map<number, number>();
  let start = 0;
  return {
    begin: (table) => {
      start = table;
    },
    grow: (words, index, rowBytes) => {
      const memory = arena();
      const word = (k: number): number => memory.readAt("u32", words + 4 * k, 0);
      const rows = word(1);
      // an index counts as unsigned
      const wanted = Math.max((index >>> 0) + 1, 2 * word(2), needed.get(words - start) ?? 0);
      const bytes = wanted * rowBytes;
      if (bytes > 2 ** 32)
        return fail("TSJ5001", "range", `no room for a tape of ${wanted} rows of ${rowBytes} bytes`, {
          hint: "a derivative keeps values of every iteration: differentiate a shorter loop",
        });
      const block = memory.allocate(bytes);
      memory.copyWithin(block.start, word(0), rows * rowBytes);
      memory.writeAt("u32", words, block.start);
      memory.writeAt("u32", words + 8, Math.floor(block.size / rowBytes));
      const old = taken.get(words);
      if (old !== undefined) memory.release(old);
      taken.set(words, block);
    },
    release: () => {
      latest = 0;
      if (taken.size === 0) return;
      for (const [words, block] of taken) {
        latest += block.size;
        needed.set(words - start, arena().readAt("u32", words + 4, 0));
        arena().release(block);
      }
      taken.clear();
    },
  };
};
