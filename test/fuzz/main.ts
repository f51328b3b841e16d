/**
 * `npm run fuzz -- [--runs N] [--seed S] [--tier ir|transform|grad|kernel|wasm|jit | --grad] [--batch N] [--most FAILURES]`: random programs, each run by
 * the compiler and as plain JavaScript. By default most of them stop at the kernels' interpreter, every 5th goes on to WASM
 * and every 25th through `jit`; every 4th of the others is differentiated and batched. With `--grad` all are calm ones that are
 * differentiated twice, in all combinations of modes. Every 3rd is in a file, where the compiler finds what it captures through the inspector; the
 * others are given to it with a `scope`. Programs run in batches in a process of their own, which is ended if one hangs.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fuzzOne, loadPrograms } from "./fuzz.js";
import { NO_SLOPES, sumOfSlopes } from "./slopes.js";
import { type Outcome, TIERS, type Tier } from "./tiers.js";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
    tier: { type: "string" },
    grad: { type: "boolean", default: false },
    batch: { type: "string", default: "200" },
    most: { type: "string", default: "10" },
    child: { type: "boolean", default: false },
  },
});

const HANG_MS = 60_000;
const [runs, seed, batch, most] = [values.runs, values.seed, values.batch, values.most].map(Number);
if (runs === undefined || seed === undefined || batch === undefined || most === undefined)
  throw new Error("runs, seed, batch and most are numbers");
const wanted = values.grad ? "grad" : TIERS.find((t) => t === values.tier);
if (values.tier !== undefined && !TIERS.includes(values.tier as Tier))
  throw new Error(`--tier is one of ${TIERS.join(", ")}`);
const tierOf = (k: number): Tier =>
  wanted ?? (k % 25 === 0 ? "jit" : k % 5 === 0 ? "wasm" : k % 4 === 1 ? "transform" : "kernel");
const isInFile = (k: number): boolean => k % 3 === 0 && tierOf(k) !== "grad";

type Message =
  | { readonly kind: "running"; readonly seed: number; readonly source: string }
  | { readonly kind: "found"; readonly seed: number; readonly report: string }
  | { readonly kind: "done"; readonly seed: number; readonly outcome: Outcome };

const child = async (): Promise<void> => {
  const send = (message: Message): void => void process.send?.(message);
  const seeds = Array.from({ length: runs }, (_, k) => seed + k);
  const directory = mkdtempSync(join(tmpdir(), "tsc-jit-fuzz-"));
  const loaded = loadPrograms(join(directory, `programs-${seed}.cjs`), seeds.filter(isInFile));
  for (const own of seeds) {
    const watcher = {
      running: (source: string) => send({ kind: "running", seed: own, source }),
      found: (report: string) => send({ kind: "found", seed: own, report }),
    };
    const outcome = fuzzOne(own, tierOf(own), watcher, loaded.get(own));
    send({ kind: "done", seed: own, outcome });
    await new Promise(setImmediate);
  }
  rmSync(directory, { recursive: true });
  process.disconnect?.();
  process.exit(0);
};

/** Runs seeds from `from` on in a process of their own; gives the seed to go on with. */
const runBatch = (
  from: number,
  count: number,
  take: (seed: number, outcome: Outcome) => void,
): Promise<number> =>
  new Promise((resolve) => {
    const args = ["--child", "--runs", String(count), "--seed", String(from)];
    if (wanted !== undefined) args.push("--tier", wanted);
    const process_: ChildProcess = fork(fileURLToPath(import.meta.url), args, {
      env: { ...process.env, TSCJIT_CACHE: "0" },
    });
    let [current, source, next] = [from, "", from];
    const hang = (): void => {
      take(current, { kind: "fails", fault: "hangs", report: `seed ${current}\nhangs\n${source}` });
      next = current + 1;
      process_.kill("SIGKILL");
    };
    let timer = setTimeout(hang, HANG_MS);
    process_.on("message", (message: Message) => {
      clearTimeout(timer);
      timer = setTimeout(hang, HANG_MS);
      if (message.kind === "running") [current, source] = [message.seed, message.source];
      else if (message.kind === "found")
        console.log(
          `seed ${message.seed} fails, being made smaller: ${message.report.split("\n", 6).join("\n  ")}`,
        );
      else {
        take(message.seed, message.outcome);
        next = message.seed + 1;
      }
    });
    process_.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (code !== 0 && signal === null) {
        take(current, { kind: "fails", fault: "crashes", report: `seed ${current}\ncrashes\n${source}` });
        next = current + 1;
      }
      resolve(next);
    });
  });

const main = async (): Promise<void> => {
  const codes = new Map<string, { count: number; example: string; seed: number }>();
  const faults = new Map<string, number>();
  const start = performance.now();
  console.log(`${runs} programs from seed ${seed}`);
  let done = 0;
  let agreed = 0;
  let failed = 0;
  let slopes = NO_SLOPES;
  const take = (own: number, outcome: Outcome): void => {
    done++;
    if (outcome.kind === "agrees") {
      agreed++;
      slopes = sumOfSlopes([slopes, outcome.slopes]);
    }
    if (outcome.kind === "refused") {
      const known = codes.get(outcome.code) ?? { count: 0, example: outcome.message, seed: own };
      codes.set(outcome.code, { ...known, count: known.count + 1 });
    }
    if (outcome.kind === "fails") {
      failed++;
      const known = faults.get(outcome.fault) ?? 0;
      faults.set(outcome.fault, known + 1);
      console.log(
        `\n=== failure ${failed}: ${known === 0 ? outcome.report : `seed ${own}: again ${outcome.report}`}`,
      );
    }
    if (done % 50 === 0) {
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(`${done} programs, ${failed} failures, ${seconds} s`);
    }
  };
  const end = seed + runs;
  for (let from = seed; from < end && failed < most; )
    from = await runBatch(from, Math.min(batch, end - from), take);
  console.log(
    `\n${done} programs from seed ${seed}: ${agreed} agree, ${failed} fail, ${done - agreed - failed} refused`,
  );
  if (slopes.judged > 0)
    console.log(`  ${slopes.judged} derivatives are as differences say, ${slopes.moving} of them not 0`);
  for (const [code, { count, example, seed: at }] of [...codes].sort((a, b) => b[1].count - a[1].count))
    console.log(
      `  ${code}: ${count} (${((100 * count) / done).toFixed(1)} %), seed ${at}: ${example.split("\n").slice(0, 5).join("\n    ")}`,
    );
  for (const [fault, count] of faults) console.log(`  ${fault}: ${count}`);
  process.exitCode = failed === 0 ? 0 : 1;
};

await (values.child ? child() : main());
