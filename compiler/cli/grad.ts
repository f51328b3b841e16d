/** `tsc-jit grad FILE#NAME` */
import { writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { stage } from "../frontend/stage.js";
import type { AnyFunction } from "../frontend/types.js";
import { printFunction } from "../ir/print.js";
import { derivativeOf, type Mode } from "../targets/typescript/derivative.js";
import "../../runtime/index.js";
import { parseSpecs } from "./argument-spec.js";
import { exportOf, loadQuietly, parseTarget } from "./ir.js";
import { resolveFile } from "./load-module.js";
import { UsageError } from "./report-error.js";
import { declaredFunction, namedArguments } from "./staged-export.js";

export interface GradCommand {
  /** What the function is called with; by its annotations where missing. */
  readonly args?: string;
  /** `0` or `0,2` */
  readonly argnums?: string;
  readonly mode?: string;
  readonly value?: boolean;
  readonly ir?: boolean;
  readonly output?: string;
}

const MODES: readonly Mode[] = ["grad", "vjp", "jvp"];
const isMode = (text: string): text is Mode => (MODES as readonly string[]).includes(text);

const argnumsOf = (text: string): readonly number[] => {
  const found = text.split(",").map((part) => Number(part.trim() === "" ? Number.NaN : part));
  if (found.every((n) => Number.isInteger(n) && n >= 0) && new Set(found).size === found.length) return found;
  throw new UsageError(
    `--argnums ${text}: write the positions of the arguments, counted from 0, as in --argnums 0,2`,
  );
};

/** Prints the derivative of an exported function, as TypeScript or as IR, to stdout or a file. */
export const printDerivative = async (target: string, options: GradCommand): Promise<void> => {
  const { file, name } = parseTarget(target);
  const path = resolveFile(file);
  const mode = options.mode ?? "grad";
  if (!isMode(mode)) throw new UsageError(`--mode ${mode}: there are ${MODES.join(", ")}`);
  const argnums = argnumsOf(options.argnums ?? "0");
  const specs = options.args === undefined ? null : parseSpecs(options.args);
  const fn = exportOf(file, await loadQuietly(path, []), name);
  if (typeof fn !== "function") throw new UsageError(`${name} is no function`);
  const declared = declaredFunction(path, name);
  const args = namedArguments(name, declared, specs);
  const staged = stage({ fn: fn as AnyFunction, args: args.map((a) => a.tree), scope: null });
  const derivative = derivativeOf({
    staged,
    name,
    place: `${relative(process.cwd(), path).replaceAll("\\", "/")}${declared === null ? "" : `:${declared.line}`}`,
    args,
    argnums,
    mode,
    value: options.value === true,
  });
  const text =
    options.ir === true ? `${printFunction(derivative.fn, { spans: "comment" })}\n` : derivative.text();
  if (options.output !== undefined) return writeFileSync(resolve(options.output), text);
  await new Promise<void>((done, reject) =>
    process.stdout.write(text, (error) => (error ? reject(error) : done())),
  );
};
