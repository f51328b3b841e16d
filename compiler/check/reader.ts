/**
 * The variables around a function that is staged without being run: what they hold at first is computed by the front end's
 * interpreter where that is possible, and is unknown elsewhere.
 */
import type { ts } from "ts-morph";
import { type Span, TscJitError } from "../diagnostics.js";
import { reassignment, topLevelReassignment } from "../frontend/bindings.js";
import { classFrom } from "../frontend/classes.js";
import { type Binding, createEnvironment, type Environment } from "../frontend/environment.js";
import { closureOf, evaluate } from "../frontend/expressions.js";
import { createFaults, type Faults, isUnknownNeeds, unknownFor } from "../frontend/faults.js";
import { type Frame, MAX_STEPS, type Machine, NeedStatic, type Site } from "../frontend/machine.js";
import { bindPattern } from "../frontend/patterns.js";
import { refuseReassigned } from "../frontend/resolve.js";
import { createMachine } from "../frontend/stage.js";
import { typescript } from "../frontend/ts.js";
import { enumValue } from "../frontend/typescript-only.js";
import { functionOf, nextSerial, objectOf, UNDEFINED, type Value } from "../frontend/values.js";
import { parameterType } from "./annotations.js";
import { argumentValue } from "./arguments.js";
import { capturedValue, libraryMember } from "./captured.js";
import { type Declaration, declarationsIn, exportsOf } from "./declarations.js";
import type { Module, Project } from "./project.js";
import { createWorld } from "./world.js";

/** What a program is read with. */
export interface Library {
  /** The package's exports. */
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface Reader {
  readonly machine: Machine;
  readonly project: Project;
  /** A frame for code at a node: the variables around it are captured ones. */
  readonly frameAt: (module: Module, node: ts.Node) => Frame;
  /** What a module exports; null where it has no such export. */
  readonly exported: (site: Site, module: Module, name: string) => Value | null;
}

/** Stands for the function whose scopes hold the captured variables. */
const outsideFunction = (): void => undefined;

/** Steps of the interpreter for one captured variable. */
const CAPTURE_STEPS = 50_000;

const isScope = (node: ts.Node): boolean => {
  const t = typescript();
  return (
    t.isSourceFile(node) ||
    t.isBlock(node) ||
    t.isModuleBlock(node) ||
    t.isCaseBlock(node) ||
    t.isIterationStatement(node, false) ||
    t.isCatchClause(node) ||
    t.isFunctionLike(node)
  );
};

/**
 * Runs `f` outside of what is being staged, its faults unnoticed; null where it can't be run to its end.
 * Throws NeedStatic where staging begins again.
 */
const outside = (machine: Machine, f: () => Value): Value | null => {
  const { builder, faults, unrolled, reverse, depth, steps } = machine;
  const lists = [machine.journals, machine.conditions, machine.path];
  const saved = lists.map((list: unknown[]) => list.splice(0));
  machine.builder = machine.root;
  machine.faults = createFaults(faults?.world ?? null);
  Object.assign(machine, { unrolled: 1, reverse: 0, depth: 0, steps: MAX_STEPS - CAPTURE_STEPS });
  try {
    return machine.root.at(builder.span(), f);
  } catch (e) {
    if (e instanceof NeedStatic ? isUnknownNeeds(e.needs) : e instanceof TscJitError) return null;
    throw e;
  } finally {
    Object.assign(machine, { builder, faults, unrolled, reverse, depth, steps });
    lists.forEach((list: unknown[], k) => void list.splice(0, list.length, ...(saved[k] ?? [])));
  }
};

/** A reader with a staging of its own. `statics`: needs that it treats as static. */
export const createReader = (
  project: Project,
  library: Library,
  statics: ReadonlySet<string>,
): Reader & { readonly faults: Faults } => {
  const world = createWorld((site, specifier) => {
    const { frame } = site;
    const module = frame === null ? null : project.load(frame.source.tree.fileName);
    return module === null ? UNDEFINED : wholeModule(site, module, specifier);
  });
  const faults = createFaults(world);
  const machine = createMachine({ fn: outsideFunction, scope: null }, statics, faults);
  const environments = new Map<ts.Node, Environment>();
  const values = new Map<string, Value>();
  const reading = new Set<string>();

  const environmentOf = (module: Module, scope: ts.Node): Environment => {
    const before = environments.get(scope);
    if (before !== undefined) return before;
    const parent = scope.parent === undefined ? null : environmentAt(module, scope);
    const bindings = new Map<string, Binding>();
    for (const [name, declaration] of declarationsIn(scope))
      bindings.set(name, {
        value: undefined,
        constant: true,
        born: nextSerial(),
        captured: (site, node) => mention(site, module, scope, name, declaration, node),
      });
    const env: Environment = { bindings, parent };
    environments.set(scope, env);
    return env;
  };

  const environmentAt = (module: Module, node: ts.Node): Environment => {
    for (let at = node.parent; at !== undefined; at = at.parent)
      if (isScope(at)) return environmentOf(module, at);
    return createEnvironment(null);
  };

  const frameIn = (module: Module, env: Environment): Frame => ({
    source: module.source,
    env,
    self: UNDEFINED,
    live: outsideFunction,
    libraryScript: null,
    home: null,
    catches: false,
  });
  const frameAt = (module: Module, node: ts.Node): Frame => frameIn(module, environmentAt(module, node));

  /** A captured variable where it is mentioned. */
  const mention = (
    site: Site,
    module: Module,
    scope: ts.Node,
    name: string,
    declaration: Declaration,
    node: ts.Identifier,
  ): Value => {
    const change = reassignment(module.tree, node, name);
    if (change !== null) refuseReassigned(site, name, module.source.spanOf(change));
    return read(site, module, scope, name, declaration);
  };

  const read = (
    site: Site,
    module: Module,
    scope: ts.Node,
    name: string,
    declaration: Declaration,
  ): Value => {
    if (declaration.kind === "import") return imported(site, module, declaration);
    const key = `${module.file}:${scope.pos}:${scope.kind} ${name}`;
    const before = values.get(key);
    if (before !== undefined) return before;
    const unknown = unknownFor({
      subject: `\`${name}\``,
      reason: "run",
      span: module.source.spanOf(declaration.node),
    });
    if (reading.has(key)) return unknown;
    reading.add(key);
    const frame = frameIn(module, environmentOf(module, scope));
    const at: Site = { machine, frame, node: declaration.node };
    const value = outside(machine, () =>
      capturedValue(at, module, name, initialValue(module, frame, name, declaration) ?? unknown, unknown),
    );
    reading.delete(key);
    values.set(key, value ?? unknown);
    return value ?? unknown;
  };

  /** What a declaration gives a name at first; null where only a run can tell. */
  const initialValue = (
    module: Module,
    frame: Frame,
    name: string,
    declaration: Declaration,
  ): Value | null => {
    const t = typescript();
    switch (declaration.kind) {
      case "function":
        return closureOf(frame, declaration.node, name);
      case "class":
        return functionOf({ kind: "class", type: classFrom(machine, frame, declaration.node) });
      case "enum":
        return enumValue(machine, frame, declaration.node);
      case "variable": {
        const { node } = declaration;
        const inLoop = !t.isVariableStatement(node.parent.parent);
        if (node.initializer === undefined || inLoop) return null;
        const value = evaluate(machine, frame, node.initializer);
        if (t.isIdentifier(node.name))
          return value.kind === "function" && value.callee.kind === "closure" && value.callee.name === ""
            ? { ...value, callee: { ...value.callee, name } }
            : value;
        let found: Value | null = null;
        bindPattern(machine, frame, node.name, value, (id, part) => {
          if (id.text === name) found = part;
        });
        return found;
      }
      case "parameter": {
        const type = parameterType(project, module, declaration.node);
        return t.isIdentifier(declaration.node.name) && type.kind === "tensor"
          ? argumentValue(machine, type, `\`${name}\``)
          : null;
      }
      case "other":
      case "import":
        return null;
      default: {
        const never: never = declaration;
        return never;
      }
    }
  };

  const libraryValue = (name: string): Value | null =>
    Object.hasOwn(library.exports, name) ? libraryMember(library.exports[name]) : null;

  const wholeModule = (site: Site, from: Module, specifier: string): Value => {
    const target = project.resolve(from, specifier);
    if (target.kind === "library")
      return objectOf(
        Object.entries(library.exports).map(([name, value]) => [name, libraryMember(value)] as const),
        "captured",
      );
    if (target.kind === "foreign") return foreign(specifier, null);
    const names = [...exportsOf(target.module.tree).named.keys()];
    return objectOf(
      names.map((name) => [name, exported(site, target.module, name) ?? UNDEFINED] as const),
      "captured",
    );
  };

  const foreign = (specifier: string, span: Span | null): Value =>
    unknownFor({ subject: `what "${specifier}" exports`, reason: "run", span });

  const imported = (site: Site, module: Module, declaration: Declaration & { kind: "import" }): Value => {
    const { specifier, name } = declaration;
    return (
      fromModule(site, module, specifier, name) ?? foreign(specifier, module.source.spanOf(declaration.node))
    );
  };

  const fromModule = (site: Site, from: Module, specifier: string, name: string | null): Value | null => {
    if (name === null) return wholeModule(site, from, specifier);
    const target = project.resolve(from, specifier);
    if (target.kind === "library") return libraryValue(name);
    return target.kind === "module" ? exported(site, target.module, name) : null;
  };

  const exported = (site: Site, module: Module, name: string): Value | null => {
    const { named, all } = exportsOf(module.tree);
    const found = named.get(name);
    if (found === undefined) {
      for (const specifier of name === "default" ? [] : all) {
        const value = fromModule(site, module, specifier, name);
        if (value !== null) return value;
      }
      return null;
    }
    switch (found.kind) {
      case "from":
        return fromModule(site, module, found.specifier, found.name);
      case "expression": {
        const { node } = found;
        const frame = frameAt(module, node);
        return typescript().isFunctionDeclaration(node)
          ? closureOf(frame, node, "default")
          : outside(machine, () => evaluate(machine, frame, node));
      }
      case "local": {
        const declaration = declarationsIn(module.tree).get(found.name);
        if (declaration === undefined) return null;
        const change = topLevelReassignment(module.tree, found.name);
        if (change !== null) refuseReassigned(site, found.name, module.source.spanOf(change));
        return read(site, module, module.tree, found.name, declaration);
      }
      default: {
        const never: never = found;
        return never;
      }
    }
  };

  return { machine, project, frameAt, exported, faults };
};
