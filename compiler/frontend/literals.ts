/** Object literals and the names of their properties. */
import type { ts } from "ts-morph";
import { closureOf, evaluate } from "./expressions.js";
import { openHost } from "./hosts.js";
import { type Frame, type Machine, refuse, type Site } from "./machine.js";
import { toHost } from "./reify.js";
import { describe, isNullish, keysOf, objectOf, staticValue, UNDEFINED, type Value } from "./values.js";

/** `name`, `"name"`, `1` or `[expression]` of an object literal or pattern. */
export const propertyName = (m: Machine, frame: Frame, name: ts.PropertyName): Value => {
  const { ts } = m;
  if (ts.isComputedPropertyName(name)) return evaluate(m, frame, name.expression);
  if (ts.isNumericLiteral(name)) return staticValue(String(Number(name.text)));
  return staticValue(name.text);
};

/** `{ a, b: 1, ...rest, f() {} }` */
export const objectLiteral = (m: Machine, frame: Frame, node: ts.ObjectLiteralExpression): Value => {
  const { ts } = m;
  const object = objectOf([]);
  for (const p of node.properties) {
    const site: Site = { machine: m, frame, node: p };
    if (ts.isSpreadAssignment(p)) {
      const spread = evaluate(m, frame, p.expression);
      const source = spread.kind === "host" ? openHost(site, spread) : spread;
      if (source.kind === "object")
        for (const key of keysOf(source)) object.props.set(key, source.props.get(key) ?? UNDEFINED);
      else if (source.kind === "array")
        source.items.forEach((item, k) => void object.props.set(String(k), item));
      else if (!isNullish(source))
        return refuse(site, "TSJ1040", `\`...\` of ${describe(source)} is not compiled`);
    } else if (ts.isShorthandPropertyAssignment(p)) {
      object.props.set(p.name.text, evaluate(m, frame, p.name));
    } else {
      if (ts.isGetAccessor(p) || ts.isSetAccessor(p))
        return refuse(site, "TSJ1040", "getters and setters are not compiled");
      const key = String(toHost(site, propertyName(m, frame, p.name), "a property key"));
      const value = ts.isMethodDeclaration(p) ? closureOf(frame, p, key) : evaluate(m, frame, p.initializer);
      object.props.set(key, value);
    }
  }
  return object;
};
