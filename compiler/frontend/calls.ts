/** Calls: functions are inlined, those of the language and of the library are known by identity. */
import { fail, TscJitError } from "../diagnostics.js";
import { withCall } from "./call-trail.js";
import { describe } from "./describe.js";
import { createEnvironment, declare } from "./environment.js";
import { evaluate } from "./expressions.js";
import { isUnknown, requirePure, stopRecursion } from "./faults.js";
import { refuseEffect } from "./host-effects.js";
import { BUILTIN_OBJECTS, hostFunction, placeText } from "./hosts.js";
import { callIntrinsic } from "./intrinsics.js";
import { type Frame, MAX_DEPTH, NeedStatic, refuse, type Site, spanAt, step } from "./machine.js";
import { functionName } from "./names.js";
import { nativeHandler } from "./natives.js";
import { nodeFunction } from "./node-functions.js";
import { bindParameters } from "./patterns.js";
import { metaOf } from "./registry.js";
import { fromHost, isKnown, neededFor, needStatic, toHost } from "./reify.js";
import { type FunctionNode, nameOf, sourceOf } from "./source.js";
import { runBody } from "./statements.js";
import { refuseUnmerged } from "./tensors.js";
import { applyTransform } from "./transforms.js";
import type { AnyFunction } from "./types.js";
import { setParameterProperties } from "./typescript-only.js";
import { arrayOf, type Callee, UNDEFINED, type Value } from "./values.js";

/** Calls `fn`; `self` is its `this`. */
export const callValue = (site: Site, fn: Value, args: readonly Value[], self: Value = UNDEFINED): Value => {
  if (fn.kind === "unmerged") return refuseUnmerged(site, fn);
  if (fn.kind !== "function")
    return refuse(site, "TSJ1050", `${describe(fn)} is called, but it is no function`);
  const { callee } = fn;
  switch (callee.kind) {
    case "closure":
      return deeper(site, functionName(callee), callee.node, () => callClosure(site, callee, args, self));
    case "builtin":
      return callee.apply(args, site);
    case "transform":
      return applyTransform(site, callee.transform, callee.fn, args);
    case "host":
      return callHost(site, callee.fn, callee.libraryScript, args, self);
    case "class":
      return refuse(site, "TSJ1050", `the class ${callee.type.name} is called without \`new\``);
    default: {
      const never: never = callee;
      return never;
    }
  }
};

const deeper = <T>(site: Site, name: string, callee: object, f: () => T): T => {
  const { machine } = site;
  step(site);
  stopRecursion(machine, callee);
  if (machine.depth >= MAX_DEPTH) {
    // A recursion that ends on numbers that could be known.
    for (const needs of machine.conditions)
      if (needs !== null && needs.length > 0) throw new NeedStatic(needs);
    refuse(
      site,
      "TSJ1111",
      `${name === "" ? "the function" : `\`${name}\``} calls itself more than ${MAX_DEPTH} times deep while it is inlined`,
      "recursion must end on static values: pass the depth as a number that the condition tests",
    );
  }
  machine.depth++;
  machine.path.push(site.node?.pos ?? -1);
  machine.faults?.calls.push({ site, name, callee });
  try {
    return f();
  } catch (e) {
    throw e instanceof TscJitError ? withCall(site, name, e) : e;
  } finally {
    machine.depth--;
    machine.path.pop();
    machine.faults?.calls.pop();
  }
};

const callClosure = (
  site: Site,
  callee: Callee & { readonly kind: "closure" },
  args: readonly Value[],
  self: Value,
): Value => {
  const { node, env, frame } = callee;
  refuseSuspended(site, node);
  if (!args.some(isUnknown)) site.machine.faults?.entered.add(node);
  const isArrow = site.machine.ts.isArrowFunction(node);
  return activate(
    site,
    node,
    { ...frame, env: createEnvironment(env), self: isArrow ? frame.self : self, catches: false },
    args,
  );
};

/** Async functions and generators, which stop and go on. */
export const refuseSuspended = (site: Site, node: FunctionNode): void => {
  const { ts } = site.machine;
  if (ts.isConstructorDeclaration(node)) return;
  const isAsync = ts.getModifiers(node)?.some((mod) => mod.kind === ts.SyntaxKind.AsyncKeyword) === true;
  const isGenerator = "asteriskToken" in node && node.asteriskToken !== undefined;
  if (isAsync || isGenerator)
    refuse(
      { ...site, frame: site.frame, node: site.node },
      "TSJ1005",
      `${isAsync ? "async functions" : "generators"} are not compiled`,
      isAsync
        ? "await outside of the compiled function and pass the values in"
        : "fill an array and return it",
    );
};

export const activate = (site: Site, node: FunctionNode, frame: Frame, args: readonly Value[]): Value => {
  const { machine } = site;
  bindParameters(machine, frame, node.parameters, args);
  setParameterProperties(machine, frame, node);
  const { body } = node;
  if (body === undefined) return UNDEFINED;
  return machine.ts.isBlock(body) ? runBody(machine, frame, node, body) : evaluate(machine, frame, body);
};

const isNative = (fn: AnyFunction): boolean =>
  Function.prototype.toString.call(fn).endsWith("{ [native code] }");

const callHost = (
  site: Site,
  fn: AnyFunction,
  libraryScript: string | null,
  args: readonly Value[],
  self: Value,
): Value => {
  const meta = metaOf(fn);
  if (meta?.kind === "intrinsic") return callIntrinsic(site, meta.id, args);
  if (meta?.kind === "library") {
    const { entered } = site.machine;
    entered.push(meta.id);
    try {
      return inlineHost(site, meta.fn, true, args, self);
    } finally {
      entered.pop();
    }
  }
  if (fn === fail) return libraryFailure(site, args);
  const handler = nativeHandler(fn);
  if (handler !== undefined) return handler(site, args, self);
  refuseEffect(site, fn);
  const own = isNative(fn) ? null : nodeFunction(fn);
  if (own === "effect")
    return refuse(
      site,
      "TSJ1030",
      `${nameOf(fn)} of Node can't be called in compiled code: it would run once, when the function is compiled`,
    );
  if (isNative(fn) || own === "pure") return callNative(site, fn, args, self);
  return inlineHost(site, fn, libraryScript !== null, args, self);
};

/** What a library function throws, at the user's line. */
const libraryFailure = (site: Site, args: readonly Value[]): never => {
  const [code, kind, message, options] = args.map((a) => toHost(site, a, "a diagnostic")) as Parameters<
    typeof fail
  >;
  return fail(code, kind, message, { span: spanAt(site), ...options });
};

/** Methods of host objects that change nothing. */
const READING: ReadonlySet<string> = new Set([
  "get",
  "has",
  "keys",
  "values",
  "entries",
  "forEach",
  "toString",
  "at",
]);

/** Under a condition known only at run time nothing may be done now that could not be undone. */
const guardHost = (site: Site, fn: AnyFunction, self: Value): void => {
  const since = site.machine.journals.at(-1)?.since;
  if (since === undefined || self.kind !== "static" || typeof self.value !== "object" || self.value === null)
    return;
  if (READING.has(fn.name) || BUILTIN_OBJECTS.has(self.value)) return;
  // only a global or sticky one keeps a position
  if (self.value instanceof RegExp && !self.value.global && !self.value.sticky) return;
  const born = site.machine.made.get(self.value);
  if (born !== undefined && born > since) return;
  const conditions = site.machine.conditions.at(-1) ?? null;
  if (conditions !== null && conditions.length > 0) throw new NeedStatic(conditions);
  refuse(
    site,
    "TSJ1104",
    `${nameOf(fn)} changes a ${self.value.constructor?.name ?? "host object"} on a path that is taken or not at run time`,
    "keep numbers that change in arrays and plain objects",
  );
};

/** A native function is called now if it sees no staged value. */
const callNative = (site: Site, fn: AnyFunction, args: readonly Value[], self: Value): Value => {
  if (fn.name.startsWith("bound "))
    refuse(
      site,
      "TSJ1002",
      `${nameOf(fn)} is a bound function: JavaScript hides its source`,
      "wrap it: (...args) => original.call(self, ...args), or call the original function",
    );
  if (self.kind === "host")
    refuse(
      site,
      "TSJ1011",
      `the captured \`${placeText(self.place)}\` is a ${self.value.constructor?.name ?? "host object"}, which may change unseen between calls`,
      "read it outside and pass the values in, or keep them in a plain object",
    );
  guardHost(site, fn, self);
  const all = arrayOf([self, ...args]);
  if (!isKnown(site, all, true)) {
    if (neededFor(all)?.length) needStatic(site, all, `the call of ${nameOf(fn)}`);
    return refuse(
      site,
      "TSJ1031",
      `${nameOf(fn)} is a native function: it can't take ${
        args
          .filter((a) => !isKnown(site, a))
          .map(describe)
          .join(", ") || describe(self)
      } that is known only at run time`,
      /^(String|stringify|to[A-Z]\w*)$/.test(fn.name)
        ? "np.* and Math.* take values known only at run time; make text outside, of the result"
        : null,
    );
  }
  requirePure(site, fn);
  const host = args.map((arg) => toHost(site, arg, `an argument of ${nameOf(fn)}`));
  const on = toHost(site, self, "the receiver");
  try {
    return fromHost(Reflect.apply(fn as (...xs: unknown[]) => unknown, on, host));
  } catch (cause) {
    if (cause instanceof TscJitError) throw cause;
    return refuse(
      site,
      "TSJ1120",
      `${nameOf(fn)} throws here: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
};

/** Inlines a live function: its own scopes give its captured variables. */
export const inlineHost = (
  site: Site,
  fn: AnyFunction,
  library: boolean,
  args: readonly Value[],
  self: Value,
): Value =>
  deeper(site, fn.name, fn, () => {
    const { machine } = site;
    if (!library) requirePure(site, fn);
    const source = machine.builder.at(spanAt(site), () => locateSource(site, fn, library));
    const env = createEnvironment(null);
    const { node } = source;
    if (machine.ts.isClassLike(node))
      return refuse(site, "TSJ1050", `the class ${nameOf(fn)} is called without \`new\``);
    if (machine.ts.isFunctionExpression(node) && node.name !== undefined)
      declare(env, node.name.text, hostFunction(fn, library ? (source.scriptId ?? "") : null), true);
    const frame: Frame = {
      source,
      env: createEnvironment(env),
      self,
      live: fn,
      libraryScript: library ? (source.scriptId ?? "") : null,
      home: null,
      catches: false,
    };
    return activate(site, node, frame, args);
  });

/** Inlines a function of the front end's own that is written in the language and has no free names: loops as in the user's code. */
export const inlineOwn = (site: Site, fn: AnyFunction, args: readonly Value[]): Value =>
  deeper(site, fn.name, fn, () => {
    const source = sourceOf(fn, { library: true });
    const { node } = source;
    if (site.machine.ts.isClassLike(node)) return refuse(site, "TSJ1050", `${nameOf(fn)} is a class`);
    const env = createEnvironment(null);
    return activate(
      site,
      node,
      { source, env, self: UNDEFINED, live: fn, libraryScript: null, home: null, catches: false },
      args,
    );
  });

const locateSource = (site: Site, fn: AnyFunction, library: boolean) => {
  try {
    return sourceOf(fn, { library });
  } catch (e) {
    const [d] = e instanceof TscJitError ? e.diagnostics : [];
    if (d === undefined || d.span !== null) throw e;
    throw new TscJitError([{ ...d, span: spanAt(site) }]);
  }
};
