/** Object literals and the names of their properties. */
import type { ts } from "ts-morph";
import { describe } from "./describe.js";
import { closureOf, evaluate } from "./expressions.js";
import { openHost } from "./hosts.js";
import { type Frame, type Machine, refuse, type Site } from "./machine.js";
import { toHost } from "./reify.js";
import { requireMerged } from "./tensors.js";
import {
  type ClassValue,
  isNullish,
  keysOf,
  type Member,
  objectOf,
  staticValue,
  UNDEFINED,
  type Value,
} from "./values.js";

/** `name`, `"name"`, `1` or `[expression]` of an object literal or pattern. */
export const propertyName = (m: Machine, frame: Frame, name: ts.PropertyName): Value => {
  const { ts } = m;
  if (ts.isComputedPropertyName(name)) return evaluate(m, frame, name.expression);
  if (ts.isNumericLiteral(name)) return staticValue(String(Number(name.text)));
  return staticValue(name.text);
};

/** A property key as text. */
export const keyText = (site: Site, value: Value): string => {
  const key = toHost(site, value, "a property key");
  return typeof key === "symbol"
    ? refuse(
        site,
        "TSJ1041",
        `the symbol ${key.description ?? ""} as a property key is not compiled`,
        key === Symbol.iterator ? "fill an array and go through that" : "use a name: { name: value }",
      )
    : String(key);
};

/** The getters and setters of an object literal, as those of a class of its own; null if there are none. */
const accessorsOf = (m: Machine, frame: Frame, node: ts.ObjectLiteralExpression): ClassValue | null => {
  const { ts } = m;
  const members = new Map<string, Member>();
  for (const p of node.properties) {
    if (!ts.isGetAccessor(p) && !ts.isSetAccessor(p)) continue;
    const key = keyText({ machine: m, frame, node: p }, propertyName(m, frame, p.name));
    const before = members.get(key);
    const both = before?.kind === "accessor" ? before : { get: null, set: null };
    const fn = closureOf(frame, p, key);
    members.set(key, {
      kind: "accessor",
      get: ts.isGetAccessor(p) ? fn : both.get,
      set: ts.isSetAccessor(p) ? fn : both.set,
    });
  }
  if (members.size === 0) return null;
  const nothing = (): void => {};
  return {
    name: "object",
    parent: null,
    members,
    statics: objectOf([]),
    staticMembers: new Map(),
    construct: nothing,
    initialise: nothing,
    live: null,
    isLiteral: true,
  };
};

/** `{ a, b: 1, ...rest, f() {}, get x() {} }` */
export const objectLiteral = (m: Machine, frame: Frame, node: ts.ObjectLiteralExpression): Value => {
  const { ts } = m;
  const accessors = accessorsOf(m, frame, node);
  const object = objectOf([], null, accessors);
  for (const p of node.properties) {
    const site: Site = { machine: m, frame, node: p };
    if (ts.isSpreadAssignment(p)) {
      const spread = evaluate(m, frame, p.expression);
      const source = spread.kind === "host" ? openHost(site, spread) : spread;
      requireMerged(site, source);
      if (source.kind === "object")
        for (const key of keysOf(source)) object.props.set(key, source.props.get(key) ?? UNDEFINED);
      else if (source.kind === "array")
        source.items.forEach((item, k) => void object.props.set(String(k), item));
      else if (!isNullish(source))
        return refuse(site, "TSJ1040", `\`...\` of ${describe(source)} is not compiled`);
    } else if (ts.isShorthandPropertyAssignment(p)) {
      object.props.set(p.name.text, evaluate(m, frame, p.name));
    } else if (!ts.isGetAccessor(p) && !ts.isSetAccessor(p)) {
      const key = keyText(site, propertyName(m, frame, p.name));
      const value = ts.isMethodDeclaration(p) ? closureOf(frame, p, key) : evaluate(m, frame, p.initializer);
      object.props.set(key, value);
    }
  }
  return object;
};
