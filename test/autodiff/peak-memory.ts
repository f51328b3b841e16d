/** Memory that a call of a compiled function takes. */
import { arena } from "../../runtime/arena.js";
import { latestTapeBytes } from "../../runtime/tape-room.js";

export interface Peak {
  /** Working memory, results and tapes; tensors that are arguments lie in the arena before and are not counted. */
  readonly bytes: number;
  readonly tapeBytes: number;
}

/** More than any call here needs. */
const ROOM_BYTES = 128 << 20;

/**
 * The most that `call` takes at one time. It is called before, so that programs are compiled, arguments are in their place and tapes
 * begin as long as they will be.
 */
export const peakOf = (call: () => unknown): Peak => {
  const memory = arena();
  // results of earlier calls leave, so that none has to during the call
  memory.release(memory.allocate(ROOM_BYTES));
  call();
  const { usedBytes, evictions } = memory.stats();
  memory.resetPeak();
  call();
  const after = memory.stats();
  if (after.evictions !== evictions) throw new Error("arrays left the arena: the peak says nothing");
  return { bytes: after.peakBytes - usedBytes, tapeBytes: latestTapeBytes() };
};
