/** Binding names, destructuring patterns and parameters. */
import type { ts } from "ts-morph";
import { textAt } from "../diagnostics.js";
import { nameValue } from "../ir/names.js";
import { typeText } from "../ir/types.js";
import { targetsOf } from "./bindings.js";
import { chooseValue } from "./branches.js";
import { declare, type Environment } from "./environment.js";
import { evaluate } from "./expressions.js";
import { isUnknown } from "./faults.js";
import { openHost } from "./hosts.js";
import { iterate } from "./iterate.js";
import { setBinding } from "./journal.js";
import { propertyName } from "./literals.js";
import type { Frame, Machine } from "./machine.js";
import { refuse, type Site } from "./machine.js";
import { maybeOf } from "./maybe.js";
import { getMember } from "./members.js";
import { requireMerged } from "./tensors.js";
import { isThisParameter } from "./typescript-only.js";
import {
  arrayOf,
  isNullish,
  isStatic,
  type Origin,
  objectOf,
  staticValue,
  UNDEFINED,
  type Value,
} from "./values.js";

/** Puts a value into the variable `name`. */
export type Bind = (name: ts.Identifier, value: Value) => undefined;

/** Declares variables in `env`. */
export const declaring =
  (m: Machine, frame: Frame, env: Environment, constant: boolean): Bind =>
  (name, value) => {
    const named = withOrigin(frame, name, value);
    // A variable that its block declares already gets its value; closures hold on to it.
    const binding = env.bindings.get(name.text);
    if (binding === undefined || (binding.value !== undefined && binding.constant))
      declare(env, name.text, named, constant);
    else setBinding(m, binding, named);
  };

/** Remembers where a staged value got its name, for shape errors. */
export const withOrigin = (frame: Frame, name: ts.Identifier, value: Value, what = ""): Value => {
  if (value.kind !== "tensor") return value;
  nameValue(value.v, name.text);
  const span = frame.source.spanOf(name);
  if (span === null) return value;
  const { type } = value.v;
  const origin: Origin = {
    span,
    // The user's own name, as build tools rename variables; the file is read only if the text is needed.
    get label() {
      return `${what}\`${textAt(span) ?? name.text}\` is ${typeText(type)}`;
    },
  };
  if (type.shape.length === 0) return { ...value, origin };
  // An array keeps its identity under every name.
  if (value.origin?.span == null) value.origin = origin;
  return value;
};

/** Takes `value` apart by a binding pattern. */
export const bindPattern = (
  m: Machine,
  frame: Frame,
  pattern: ts.BindingName,
  value: Value,
  bind: Bind,
): undefined => {
  const { ts } = m;
  if (ts.isIdentifier(pattern)) return bind(pattern, value);
  if (isUnknown(value)) {
    for (const name of targetsOf(pattern)) bind(name, value);
    return;
  }
  const site: Site = { machine: m, frame, node: pattern };
  if (isNullish(value))
    return refuse(
      site,
      "TSJ1051",
      `${isStatic(value) ? String(value.value) : "a value"} can't be destructured`,
    );
  if (ts.isArrayBindingPattern(pattern)) return bindArray(m, frame, pattern, iterate(site, value), bind);
  const used: string[] = [];
  for (const element of pattern.elements) {
    if (element.dotDotDotToken !== undefined) {
      bindPattern(m, frame, element.name, restOf(site, value, used), bind);
      continue;
    }
    const name = element.propertyName ?? element.name;
    const key = ts.isIdentifier(name)
      ? staticValue(name.text)
      : propertyName(m, frame, name as ts.PropertyName);
    used.push(String(isStatic(key) ? key.value : ""));
    bindElement(m, frame, element, getMember(site, value, key), bind);
  }
};

const bindArray = (
  m: Machine,
  frame: Frame,
  pattern: ts.ArrayBindingPattern,
  items: readonly Value[],
  bind: Bind,
): undefined => {
  pattern.elements.forEach((element, k) => {
    if (m.ts.isOmittedExpression(element)) return;
    if (element.dotDotDotToken !== undefined)
      bindPattern(m, frame, element.name, arrayOf(items.slice(k)), bind);
    else bindElement(m, frame, element, items[k] ?? UNDEFINED, bind);
  });
};

const bindElement = (
  m: Machine,
  frame: Frame,
  element: ts.BindingElement,
  value: Value,
  bind: Bind,
): undefined => {
  bindPattern(m, frame, element.name, withDefault(m, frame, value, element.initializer), bind);
};

/** A value, or the default where it is undefined. */
export const withDefault = (
  m: Machine,
  frame: Frame,
  value: Value,
  initializer: ts.Expression | undefined,
): Value => {
  if (initializer === undefined) return value;
  if (isStatic(value)) return value.value === undefined ? evaluate(m, frame, initializer) : value;
  const maybe = maybeOf(value);
  if (maybe === null || maybe.missing.value !== undefined) return value;
  return chooseValue(
    { machine: m, frame, node: initializer },
    maybe.present,
    () => maybe.value,
    () => evaluate(m, frame, initializer),
  );
};

/** `...rest` of an object pattern: the fields that were not named. */
export const restOf = (site: Site, value: Value, used: readonly string[]): Value => {
  if (value.kind === "host") return restOf(site, openHost(site, value), used);
  requireMerged(site, value);
  if (value.kind !== "object")
    return refuse(site, "TSJ1040", "`...` of an object pattern needs a plain object");
  return objectOf([...value.props].filter(([key]) => !used.includes(key)));
};

/** Arguments into parameters, left to right, with defaults and rest. */
export const bindParameters = (
  m: Machine,
  frame: Frame,
  parameters: readonly ts.ParameterDeclaration[],
  args: readonly Value[],
): undefined => {
  const bind = declaring(m, frame, frame.env, false);
  const [first] = parameters;
  const own = first !== undefined && isThisParameter(first) ? parameters.slice(1) : parameters;
  own.forEach((parameter, k) => {
    if (parameter.dotDotDotToken !== undefined) {
      bindPattern(m, frame, parameter.name, arrayOf(args.slice(k)), bind);
      return;
    }
    const given = args[k] ?? UNDEFINED;
    bindPattern(m, frame, parameter.name, withDefault(m, frame, given, parameter.initializer), bind);
  });
};
