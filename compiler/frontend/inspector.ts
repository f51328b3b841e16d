/**
 * What V8 knows of a function: where it is written and the variables it closes over, through an inspector session on this
 * same thread. Runtime.* answers in about 0.4 ms a function. The Debugger domain, which alone has the scripts' texts, hashes
 * every script when it is enabled (30 ms at start, 200 ms once ts-morph is loaded) and makes WASM slow while it is on, so it
 * is opened once before ts-morph loads, and again only for a script that came later.
 */
import type { Session } from "node:inspector";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { internal } from "../diagnostics.js";

export interface Script {
  readonly id: string;
  /** Path for file URLs, else the URL or an invented name. */
  readonly file: string;
  readonly sourceMapUrl: string;
  readonly text: string;
}

/** Scopes from the inside out: each maps names to present values. */
export type ScopeObject = Readonly<Record<string, unknown>>;

export interface FunctionFacts {
  readonly scriptId: string;
  /** Of the parameter list, from 0. */
  readonly line: number;
  readonly column: number;
  readonly scopes: readonly ScopeObject[];
}

interface Remote {
  readonly objectId?: string;
  readonly description?: string;
  readonly value?: unknown;
}
interface Property {
  readonly name: string;
  readonly value?: Remote;
}
interface Properties {
  readonly result: readonly Property[];
  readonly internalProperties?: readonly Property[];
}
interface ParsedEvent {
  readonly scriptId: string;
  readonly url: string;
  readonly sourceMapURL?: string;
  readonly length?: number;
}

type Post = (method: string, params?: object) => unknown;

/** Where a value is handed to the inspector and back. */
const SLOT = Symbol.for("tsc-jit.inspector");
const GROUP = "tsc-jit";
const HAND_IN = 'globalThis[Symbol.for("tsc-jit.inspector")].in';
const HAND_OUT = 'function () { globalThis[Symbol.for("tsc-jit.inspector")].out = this; }';
const slots = globalThis as { [SLOT]?: { in: unknown; out: unknown } };

/** A session on this thread; null where Node has no inspector, or its permissions forbid it. */
const connect = (): Session | null => {
  try {
    const inspector = createRequire(import.meta.url)("node:inspector") as typeof import("node:inspector");
    const made = new inspector.Session();
    made.connect();
    made.on("Debugger.scriptParsed", ({ params: event }: { params: ParsedEvent }) => {
      events.set(event.scriptId, event);
    });
    return made;
  } catch {
    return null;
  }
};

/** Undefined before the first use. */
let session: Session | null | undefined;
const openSession = (): Session | null => {
  if (session === undefined) session = connect();
  return session;
};

/** Whether V8 can be asked at all. */
const hasInspector = (): boolean => openSession() !== null;

/** Session.post calls back before it returns when the session is on its own thread. */
const post: Post = (method, params) => {
  const open = openSession();
  if (open === null) return internal("the inspector is asked where there is none");
  let failure: Error | null = null;
  let answer: unknown;
  open.post(method, params, (error: Error | null, result?: unknown) => {
    failure = error;
    answer = result;
  });
  if (failure !== null) throw failure;
  return answer;
};

const events = new Map<string, ParsedEvent>();
const scripts = new Map<string, Script>();

const fileOf = (event: ParsedEvent): string =>
  event.url.startsWith("file:") ? fileURLToPath(event.url) : event.url || `evaluated-${event.scriptId}.js`;

const load = (event: ParsedEvent): void => {
  if (scripts.has(event.scriptId)) return;
  const { scriptSource } = post("Debugger.getScriptSource", { scriptId: event.scriptId }) as {
    readonly scriptSource: string;
  };
  const file = fileOf(event);
  scripts.set(event.scriptId, {
    id: event.scriptId,
    file,
    sourceMapUrl: event.sourceMapURL ?? "",
    text: scriptSource,
  });
};

/** Scripts that are likely to be asked for: the user's own files. */
const isUserScript = (event: ParsedEvent): boolean =>
  event.url.startsWith("file:") && !event.url.includes("/node_modules/") && (event.length ?? 0) < 1 << 20;

/** Reads the texts of the user's scripts and of `wanted`. */
const readScripts = (wanted: string | null): void => {
  post("Debugger.enable");
  try {
    for (const event of events.values()) if (event.scriptId === wanted || isUserScript(event)) load(event);
  } finally {
    post("Debugger.disable");
  }
};

let opened = false;
/** Reads the scripts that are loaded by now; cheap only before ts-morph is. */
export const openScripts = (): void => {
  if (opened || !hasInspector()) return;
  opened = true;
  readScripts(null);
};

/** The text of a script; null where V8 does not have it. */
export const scriptById = (id: string): Script | null => {
  if (!scripts.has(id) && hasInspector()) readScripts(id);
  return scripts.get(id) ?? null;
};

/** The scripts whose texts are known: the user's own. */
export const loadedScripts = (): readonly Script[] => [...scripts.values()];

/** Properties of `value` as the inspector sees them; the objects it names live until `GROUP` is released. */
const inspect = (value: unknown): Properties => {
  slots[SLOT] = { in: value, out: null };
  const { result } = post("Runtime.evaluate", { expression: HAND_IN, objectGroup: GROUP }) as {
    readonly result: Remote;
  };
  return post("Runtime.getProperties", { objectId: result.objectId, ownProperties: true }) as Properties;
};

/** The live object behind a remote one. */
const handOut = (objectId: string): unknown => {
  post("Runtime.callFunctionOn", { objectId, functionDeclaration: HAND_OUT });
  return slots[SLOT]?.out;
};

const scopesOf = (objectId: string): readonly ScopeObject[] => {
  const { result } = post("Runtime.getProperties", { objectId, ownProperties: true }) as Properties;
  return result.flatMap(({ value }) => {
    // The global object is left out: names are looked up in it directly.
    if (value?.objectId === undefined || value.description === "Global") return [];
    // V8 wraps each scope as { description, object }.
    const { object: scope } = handOut(value.objectId) as { readonly object?: unknown };
    return typeof scope === "object" && scope !== null ? [scope as ScopeObject] : [];
  });
};

/** Place and scopes of a function; null for functions that are not written in JavaScript, and where there is no inspector. */
export const functionFacts = (fn: object): FunctionFacts | null => {
  if (!hasInspector()) return null;
  try {
    const internals = inspect(fn).internalProperties ?? [];
    const find = (name: string) => internals.find((p) => p.name === name)?.value;
    const place = find("[[FunctionLocation]]")?.value as
      | { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber: number }
      | undefined;
    const scopes = find("[[Scopes]]")?.objectId;
    if (place === undefined || scopes === undefined) return null;
    return {
      scriptId: place.scriptId,
      line: place.lineNumber,
      column: place.columnNumber,
      scopes: scopesOf(scopes),
    };
  } finally {
    delete slots[SLOT];
    post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
  }
};

const scriptIds = new WeakMap<object, string | null>();
/** The script that a function is written in. */
export const scriptIdOf = (fn: object): string | null => {
  const known = scriptIds.get(fn);
  if (known !== undefined) return known;
  const id = functionFacts(fn)?.scriptId ?? null;
  scriptIds.set(fn, id);
  return id;
};
