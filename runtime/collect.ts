/** Asks V8 to take dropped arrays soon. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { readonly type: "minor"; readonly execution: "sync" }) => void;

/** V8 shows its collector only to contexts that are made while the flag is set; null where it does not at all. */
const findCollector = (): Collect | null => {
  try {
    setFlagsFromString("--expose-gc");
    const found: unknown = runInNewContext("typeof gc === 'function' ? gc : null");
    return found as Collect | null;
  } catch {
    return null;
  } finally {
    if (!process.execArgv.includes("--expose-gc")) setFlagsFromString("--no-expose-gc");
  }
};

let collector: Collect | null | undefined;

/**
 * Takes the young objects that nobody holds, array buffers among them: about half a millisecond. By itself V8 begins when
 * some 64 MB of buffers have piled up and sweeps them in a background thread, which a busy machine delays until twice that
 * is there (seen in Node 24). Buffers that are taken early are used again before their pages leave the cache.
 */
export const collectYoung = (): void => {
  collector ??= findCollector();
  collector?.({ type: "minor", execution: "sync" });
};
