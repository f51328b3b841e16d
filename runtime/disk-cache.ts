/**
 * Compiled programs on disk, so that a program's second run compiles nothing.
 *
 * One file per function and signature holds the programs for its static and captured values. `TSCJIT_CACHE_DIR` says where,
 * `TSCJIT_CACHE=0` switches it off. Whatever is wrong with a file (half-written, another version's, damaged) makes it as good
 * as missing; whatever is wrong with the folder makes the cache as good as switched off.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { debug } from "./debug.js";

const MAGIC = "tsc-jit program 1\n";
const DIGEST_BYTES = 32;
/** Files beyond this are removed, those used least recently first. */
const MAX_BYTES = 256 << 20;
/** Programs kept for one signature. */
const MAX_ENTRIES = 8;

export const digest = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex");

/** The folder, by the platform's custom; null where the cache is off. */
const cacheFolder = (): string | null => {
  const { env, platform } = process;
  if (env.TSCJIT_CACHE === "0") return null;
  if (env.TSCJIT_CACHE_DIR !== undefined && env.TSCJIT_CACHE_DIR !== "") return env.TSCJIT_CACHE_DIR;
  if (platform === "win32")
    return join(env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "tsc-jit", "Cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "tsc-jit");
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tsc-jit");
};

/** Files below `folder` with their sizes and times of change. */
const listing = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      const { size, mtimeMs } = statSync(path);
      return `${path} ${size} ${mtimeMs}`;
    })
    .sort();

let build: string | null = null;
/** Names the compiler that is running: the bundle's contents, or the sources' times of change. */
const buildId = (): string => {
  if (build !== null) return build;
  const here = fileURLToPath(import.meta.url);
  const folder = dirname(here);
  if (here.endsWith(".ts")) {
    const root = dirname(folder);
    build = digest(
      ["compiler", "runtime", "autodiff"].flatMap((part) => listing(join(root, part))).join("\n"),
    );
  } else {
    const files = readdirSync(folder).filter((name) => /\.c?js$/.test(name));
    build = digest(files.map((name) => `${name} ${digest(readFileSync(join(folder, name)))}`).join("\n"));
  }
  return build;
};

/** What decides a file: `source` (the function's text), and everything else about the signature. */
export interface CacheKey {
  readonly source: string;
  readonly signature: string;
}

const folderOf = (source: string): string | null => {
  const folder = cacheFolder();
  return folder === null ? null : join(folder, digest(`${buildId()}\n${source}`).slice(0, 32));
};

const fileOf = ({ source, signature }: CacheKey): string | null => {
  const folder = folderOf(source);
  return folder === null ? null : join(folder, `${digest(signature).slice(0, 32)}.bin`);
};

const orNull = <T>(what: string, f: () => T): T | null => {
  try {
    return f();
  } catch (e) {
    debug(1, () => `disk cache: ${what}: ${e instanceof Error ? e.message : String(e)}`);
    return null;
  }
};

interface File {
  readonly source: string;
  readonly signature: string;
  readonly entries: readonly unknown[];
}

/** A file's contents; throws where it is not whole. */
const decode = (bytes: Uint8Array): File => {
  const head = Buffer.from(MAGIC);
  const start = head.length + DIGEST_BYTES;
  const body = bytes.subarray(start);
  const sum = Buffer.from(bytes.subarray(head.length, start));
  if (!head.equals(bytes.subarray(0, head.length))) throw new Error("not a program of this version");
  if (!sum.equals(createHash("sha256").update(body).digest())) throw new Error("damaged");
  // What was checked is what this module wrote.
  return deserialize(body) as File;
};

/** Whether any program of this function is there: costs one look at the disk. */
export const hasPrograms = (source: string): boolean =>
  orNull("cannot look", () => {
    const folder = folderOf(source);
    return folder !== null && existsSync(folder);
  }) ?? false;

/** The entries for a key, newest first; empty where there are none. */
export const readEntries = (key: CacheKey): readonly unknown[] =>
  orNull("cannot read", () => {
    const path = fileOf(key);
    if (path === null || !existsSync(path)) return [];
    const file = decode(readFileSync(path));
    // The whole key is compared, not only its hash.
    if (file.source !== key.source || file.signature !== key.signature) return [];
    const now = new Date();
    utimesSync(path, now, now);
    return file.entries;
  }) ?? [];

let trimmed = false;

/** Adds an entry, for which `replaces` says which of the others it takes the place of. */
export const writeEntry = (key: CacheKey, entry: unknown, replaces: (other: unknown) => boolean): void => {
  orNull("cannot write", () => {
    const path = fileOf(key);
    if (path === null) return;
    const others = readEntries(key).filter((other) => !replaces(other));
    const file: File = { ...key, entries: [entry, ...others].slice(0, MAX_ENTRIES) };
    const body = serialize(file);
    const sum = createHash("sha256").update(body).digest();
    mkdirSync(dirname(path), { recursive: true });
    // Readers see the old file or the new one, never a part.
    const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`;
    writeFileSync(draft, Buffer.concat([Buffer.from(MAGIC), sum, body]));
    renameSync(draft, path);
    if (!trimmed) {
      trimmed = true;
      trim(dirname(dirname(path)));
    }
  });
};

/** Removes what was used least recently until the rest is within MAX_BYTES, and what crashed writers left. */
const trim = (folder: string): void => {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(bin|tmp)$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      const { size, mtimeMs } = statSync(path);
      return { path, size, mtimeMs };
    })
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  const old = Date.now() - 3_600_000;
  let total = 0;
  for (const { path, size, mtimeMs } of files) {
    total += size;
    if (total > MAX_BYTES || (basename(path).endsWith(".tmp") && mtimeMs < old))
      rmSync(path, { force: true });
  }
};
