/** Classes: instances are objects of the language, methods and accessors are inlined. */
import type { ts } from "ts-morph";
import { activate } from "./calls.js";
import { describe } from "./describe.js";
import { createEnvironment, declare } from "./environment.js";
import { closureOf, evaluate } from "./expressions.js";
import { hostFunction } from "./hosts.js";
import { touch } from "./journal.js";
import { keyText, propertyName } from "./literals.js";
import { type Frame, type Machine, refuse, type Site, spanAt } from "./machine.js";
import { sourceOf } from "./source.js";
import { execute } from "./statements.js";
import type { AnyFunction } from "./types.js";
import { isTypeOnlyMember } from "./typescript-only.js";
import {
  builtin,
  type ClassValue,
  type FunctionValue,
  functionOf,
  isStatic,
  type Member,
  type ObjectValue,
  objectOf,
  staticValue,
  UNDEFINED,
  type Value,
} from "./values.js";

/** The name of a member; private names keep their `#`. */
const memberName = (m: Machine, frame: Frame, name: ts.PropertyName): string =>
  m.ts.isIdentifier(name) || m.ts.isPrivateIdentifier(name)
    ? name.text
    : keyText({ machine: m, frame, node: name }, propertyName(m, frame, name));

const isStaticMember = (m: Machine, member: ts.ClassElement): boolean =>
  m.ts.canHaveModifiers(member) &&
  m.ts.getModifiers(member)?.some((mod) => mod.kind === m.ts.SyntaxKind.StaticKeyword) === true;

const parentOf = (m: Machine, frame: Frame, node: ts.ClassLikeDeclaration): ClassValue | null => {
  const clause = node.heritageClauses?.find((c) => c.token === m.ts.SyntaxKind.ExtendsKeyword);
  const expression = clause?.types[0]?.expression;
  if (expression === undefined) return null;
  const site: Site = { machine: m, frame, node: expression };
  const value = evaluate(m, frame, expression);
  const type = classOf(site, value) ?? errorClass(value);
  return type ?? refuse(site, "TSJ1040", `a class that extends ${describe(value)} is not compiled`);
};

const errorClasses = new Map<AnyFunction, ClassValue>();

/** Error and the language's other kinds of it, as a class to extend: instances have a message. */
const errorClass = (value: Value): ClassValue | null => {
  if (value.kind !== "function" || value.callee.kind !== "host") return null;
  const { fn } = value.callee;
  if (fn !== Error && !(fn.prototype instanceof Error)) return null;
  const known = errorClasses.get(fn);
  if (known !== undefined) return known;
  const get = builtin("name", () => staticValue(fn.name));
  const type: ClassValue = {
    name: fn.name,
    parent: null,
    members: new Map([["name", { kind: "accessor", get, set: null }]]),
    statics: objectOf([]),
    staticMembers: new Map(),
    construct: ({ machine }, self, [message = UNDEFINED]) => {
      touch(machine, self);
      const isMissing = isStatic(message) && message.value === undefined;
      self.props.set("message", isMissing ? staticValue("") : message);
    },
    initialise: () => {},
    live: fn,
  };
  errorClasses.set(fn, type);
  return type;
};

/** The language's own class that an instance's class extends, such as Error; null if there is none. */
export const nativeBaseOf = (type: ClassValue | null): AnyFunction | null => {
  for (let at = type; at !== null; at = at.parent)
    if (at.parent === null && at.live !== null && errorClasses.get(at.live) === at) return at.live;
  return null;
};

/** The class that a value is; null if it is none that can be compiled. */
export const classOf = (site: Site, value: Value): ClassValue | null => {
  if (value.kind !== "function") return null;
  if (value.callee.kind === "class") return value.callee.type;
  if (value.callee.kind !== "host") return null;
  const { fn, libraryScript } = value.callee;
  return isClass(fn) ? liveClass(site, fn, libraryScript) : null;
};

const isClass = (fn: AnyFunction): boolean => /^class\b/.test(Function.prototype.toString.call(fn));

/** A class that exists already: its own scopes give what it closes over. */
const liveClass = (site: Site, fn: AnyFunction, libraryScript: string | null): ClassValue => {
  const { machine } = site;
  const known = machine.classes.get(fn);
  if (known !== undefined) return known;
  const library = libraryScript !== null;
  const source = machine.builder.at(spanAt(site), () => sourceOf(fn, { library }));
  const { node } = source;
  if (!machine.ts.isClassLike(node)) return refuse(site, "TSJ1040", `\`new ${fn.name}\` is not compiled`);
  const frame: Frame = {
    source,
    env: createEnvironment(null),
    self: UNDEFINED,
    live: fn,
    libraryScript,
    home: null,
    catches: false,
  };
  const type = classFrom(machine, frame, node, fn);
  machine.classes.set(fn, type);
  return type;
};

/** The class that a piece of code declares. */
export const classFrom = (
  m: Machine,
  outer: Frame,
  node: ts.ClassLikeDeclaration,
  live: AnyFunction | null = null,
): ClassValue => {
  const { ts } = m;
  const env = createEnvironment(outer.env);
  const members = new Map<string, Member>();
  const staticMembers = new Map<string, Member>();
  const statics = objectOf([]);
  const fields: ts.PropertyDeclaration[] = [];
  let own: ts.ConstructorDeclaration | null = null;
  const parent = parentOf(m, outer, node);
  const type: ClassValue = {
    name: node.name?.text ?? live?.name ?? "class",
    parent,
    members,
    statics,
    staticMembers,
    live,
    construct: (site, self, args) => {
      const inside: Frame = { ...frame, self };
      if (parent === null) initialise(m, inside, fields, self);
      if (own !== null) activate(site, own, { ...inside, env: createEnvironment(env) }, args);
      else if (parent !== null) {
        parent.construct(site, self, args);
        initialise(m, inside, fields, self);
      }
    },
    initialise: (self) => initialise(m, { ...frame, self }, fields, self),
  };
  const frame: Frame = { ...outer, env, home: type, catches: false };
  const self: FunctionValue =
    live === null
      ? functionOf({ kind: "class", type })
      : (hostFunction(live, outer.libraryScript) as FunctionValue);
  if (node.name !== undefined) declare(env, node.name.text, self, true);
  const accessor = (
    of: Map<string, Member>,
    name: string,
    part: Partial<Member & { kind: "accessor" }>,
  ): void => {
    const before = of.get(name);
    const both = before?.kind === "accessor" ? before : { get: null, set: null };
    of.set(name, { kind: "accessor", get: part.get ?? both.get, set: part.set ?? both.set });
  };
  for (const member of node.members) {
    if (isTypeOnlyMember(member)) continue;
    const site: Site = { machine: m, frame, node: member };
    const onClass = isStaticMember(m, member);
    if (ts.isConstructorDeclaration(member)) {
      if (member.body !== undefined) own = member;
    } else if (ts.isPropertyDeclaration(member)) {
      if (onClass) initialise(m, { ...frame, self }, [member], statics);
      else fields.push(member);
    } else if (ts.isMethodDeclaration(member)) {
      const name = memberName(m, frame, member.name);
      const fn = closureOf(frame, member, name);
      if (onClass) statics.props.set(name, fn);
      else members.set(name, { kind: "method", fn });
    } else if (ts.isGetAccessor(member)) {
      const name = memberName(m, frame, member.name);
      accessor(onClass ? staticMembers : members, name, { get: closureOf(frame, member, name) });
    } else if (ts.isSetAccessor(member)) {
      const name = memberName(m, frame, member.name);
      accessor(onClass ? staticMembers : members, name, { set: closureOf(frame, member, name) });
    } else if (ts.isClassStaticBlockDeclaration(member)) {
      const inner: Frame = { ...frame, env: createEnvironment(env), self };
      for (const s of member.body.statements) execute(m, inner, s);
    } else if (!ts.isSemicolonClassElement(member))
      refuse(site, "TSJ1040", "this kind of class member is not compiled");
  }
  return type;
};

/** Fields with their initial values, in order. */
const initialise = (
  m: Machine,
  frame: Frame,
  fields: readonly ts.PropertyDeclaration[],
  self: ObjectValue,
): void => {
  for (const field of fields) {
    const name = memberName(m, frame, field.name);
    const value = field.initializer === undefined ? UNDEFINED : evaluate(m, frame, field.initializer);
    touch(m, self);
    self.props.set(name, value);
  }
};

/** `new C(...)` for a class of the user's; null where the callee is none. */
export const instantiate = (site: Site, callee: Value, args: readonly Value[]): Value | null => {
  const type = classOf(site, callee);
  if (type === null) return null;
  const self = objectOf([], null, type);
  type.construct(site, self, args);
  return self;
};

/** `super(...)`: the parent's constructor, then the fields of this class. */
export const callSuper = (site: Site & { readonly frame: Frame }, args: readonly Value[]): Value => {
  const { home, self } = site.frame;
  if (home === null || home.parent === null || self.kind !== "object")
    return refuse(site, "TSJ1040", "`super(...)` outside of a constructor is not compiled");
  home.parent.construct(site, self, args);
  home.initialise(self);
  return UNDEFINED;
};

/** Whether an object is an instance of a class. */
export const isInstance = (site: Site, value: Value, type: Value): boolean | null => {
  const wanted = classOf(site, type);
  if (wanted === null) return null;
  if (value.kind !== "object") return isStatic(value) ? false : value.kind === "host" ? null : false;
  for (let at = value.type; at !== null; at = at.parent) if (at === wanted) return true;
  return false;
};
