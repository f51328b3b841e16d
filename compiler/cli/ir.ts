/** `tsc-jit ir FILE#NAME [args...]` */
import { isRecorded, lastLowering, startRecording } from "../../runtime/recorded-arguments.js";
import type { Lowered } from "../../runtime/types.js";
import { loadModule, resolveFile } from "./load-module.js";
import { UsageError } from "./report-error.js";

/** File and export of `train.ts#step`. */
export const parseTarget = (target: string): { readonly file: string; readonly name: string } => {
  const hash = target.lastIndexOf("#");
  if (hash <= 0 || hash === target.length - 1)
    throw new UsageError(`${target} does not name a function: write FILE#NAME, as in train.ts#step`);
  return { file: target.slice(0, hash), name: target.slice(hash + 1) };
};

/** The stages as one text, a heading before each; a pass that changed nothing is named only. */
export const loweredText = ({ ir, passes, kernels, wat }: Lowered): string => {
  const section = (title: string, text: string): string => `;; ${title}\n${text.trimEnd()}\n`;
  const perPass = passes.map(({ name, ir: after }, k) => {
    const before = passes[k - 1]?.ir ?? ir;
    return after === before ? `;; ${name}: no change\n` : section(`after ${name}`, after);
  });
  return [section("IR", ir), ...perPass, section("kernels", kernels), section("WAT", wat)].join("\n");
};

/** Runs `body` with what is written to stdout on stderr, so that stdout holds the command's own output alone. */
const withOutputOnStderr = async <T>(body: () => Promise<T>): Promise<T> => {
  const write = process.stdout.write;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await body();
  } finally {
    process.stdout.write = write;
  }
};

/** A module's exports by name. Those of CommonJS may all be in its default export. */
const namedExports = (module: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const whole = module.default;
  return typeof whole === "object" && whole !== null ? { ...whole, ...module } : module;
};

/** Runs a module with `args` as its own arguments, its output on stderr; its exports. */
export const loadQuietly = async (
  path: string,
  args: readonly string[],
): Promise<Readonly<Record<string, unknown>>> => {
  process.argv = [process.execPath, path, ...args];
  return namedExports(await withOutputOnStderr(() => loadModule(path)));
};

/** How many letters have to be changed to make one word of another (Levenshtein's distance). */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};

/** The export of that name; throws a UsageError that names those there are, and the one that may be meant. */
export const exportOf = (file: string, exports: Readonly<Record<string, unknown>>, name: string): unknown => {
  if (Object.hasOwn(exports, name)) return exports[name];
  const names = Object.keys(exports).filter((key) => key !== "default");
  const close = names
    .map((n) => ({ n, d: distance(n.toLowerCase(), name.toLowerCase()) }))
    .filter(({ d }) => d <= Math.max(1, Math.floor(name.length / 3)))
    .sort((x, y) => x.d - y.d)[0]?.n;
  const meant = close === undefined ? "" : `: is it ${close}?`;
  throw new UsageError(`${file} has no export ${name}; it has ${names.join(", ") || "none"}${meant}`);
};

/**
 * Runs the module, then prints the stages of the program that its export was last compiled to while it ran.
 * Throws a UsageError if there is no such export, if jit did not make it, or if it was not called.
 */
export const printIr = async (target: string, args: readonly string[]): Promise<void> => {
  const { file, name } = parseTarget(target);
  const path = resolveFile(file);
  startRecording();
  const value = exportOf(file, await loadQuietly(path, args), name);
  if (typeof value !== "function")
    throw new UsageError(`${name} is no function: export what jit(...) gives, and call it`);
  if (!isRecorded(value))
    throw new UsageError(`${name} is not compiled by itself: export what jit(${name}) gives, and call it`);
  const lowered = lastLowering(value);
  if (lowered === null)
    throw new UsageError(
      `${name} was not called while ${file} ran: what it compiles to depends on its arguments`,
    );
  const text = loweredText(lowered);
  await new Promise<void>((resolve, reject) =>
    process.stdout.write(text, (error) => (error ? reject(error) : resolve())),
  );
};
