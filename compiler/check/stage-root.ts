/** Staging one compiled function of a program that is read and not run. */
import type { ts } from "ts-morph";
import { TscJitError } from "../diagnostics.js";
import { callValue } from "../frontend/calls.js";
import { evaluate } from "../frontend/expressions.js";
import { absorbFault, type Faults, report } from "../frontend/faults.js";
import { NeedStatic, needKey, type Site } from "../frontend/machine.js";
import { metaOf, type Transform } from "../frontend/registry.js";
import { nameByUse } from "../frontend/source.js";
import { leaveProgram } from "../frontend/stage.js";
import { isThisParameter } from "../frontend/typescript-only.js";
import type { Callee, Cause, Value } from "../frontend/values.js";
import { type ArgumentType, parameterType } from "./annotations.js";
import { argumentValue, holdsNumber, isWhole, throughTransform, withoutNumbers } from "./arguments.js";
import type { Module, Project } from "./project.js";
import { createReader, type Library, type Reader } from "./reader.js";
import type { Root } from "./roots.js";

type Closure = Callee & { readonly kind: "closure" };

/** A function below transforms, outermost first. */
interface Layers {
  readonly transforms: readonly Transform[];
  readonly base: Value;
}

const layersOf = (value: Value): Layers => {
  if (value.kind !== "function" || value.callee.kind !== "transform") return { transforms: [], base: value };
  const { transforms, base } = layersOf(value.callee.fn);
  return { transforms: [value.callee.transform, ...transforms], base };
};

const closureOf = (value: Value): Closure | null =>
  value.kind === "function" && value.callee.kind === "closure" ? value.callee : null;

/** Whether a function is one of the package, which is known to compile. */
const isOurs = (value: Value): boolean =>
  value.kind === "function" && value.callee.kind === "host" && metaOf(value.callee.fn)?.kind === "library";

/** What staging one root gave. */
export interface Outcome {
  readonly faults: Faults;
  readonly name: string;
  /** The function's syntax; null where it is unknown. */
  readonly node: ts.Node | null;
  /** Further causes for what was not checked. */
  readonly causes: readonly Cause[];
  /** Whether an argument was taken to be a number, where an array of numbers would do as well. */
  readonly numbers: boolean;
}

/** What arguments whose type is `number` are taken to be. */
export type Numbers = "scalar" | "unknown";

const moduleOf = (project: Project, { frame }: Closure): Module => project.load(frame.source.tree.fileName);

const parametersOf = ({ node }: Closure): readonly ts.ParameterDeclaration[] =>
  node.parameters.filter((p) => !isThisParameter(p));

const typesOf = (project: Project, closure: Closure): readonly ArgumentType[] =>
  parametersOf(closure).map((p) => parameterType(project, moduleOf(project, closure), p));

/** Stages the function on arguments of its parameters' types, with its transforms where those can be applied. */
const stageFunction = (
  reader: Reader,
  value: Value,
  closure: Closure,
  layers: Layers,
  numbers: Numbers,
): void => {
  const { machine, project } = reader;
  const module = moduleOf(project, closure);
  const declared = typesOf(project, closure);
  const types = numbers === "unknown" ? declared.map(withoutNumbers) : declared;
  // vmap asks for more than the types say, unless they say all.
  const isTransformed = declared.every(isWhole) || !layers.transforms.some((t) => t.kind === "vmap");
  const given = isTransformed
    ? layers.transforms.reduceRight((inner, t) => throughTransform(t, inner), types)
    : types;
  const args = given.map((type, k) => {
    const name = parametersOf(closure)[k]?.name.getText(module.tree) ?? "";
    return argumentValue(machine, type, `\`${name}\``);
  });
  const at: Site = { machine, frame: null, node: null };
  const result = machine.root.at(module.source.spanOf(closure.node), () =>
    callValue(at, isTransformed ? value : layers.base, args),
  );
  leaveProgram(at, result, []);
};

const stageRoot = (
  reader: Reader & { readonly faults: Faults },
  module: Module,
  root: Root,
  numbers: Numbers,
): Outcome => {
  const { machine, faults } = reader;
  const frame = reader.frameAt(module, root.node);
  const site: Site = { machine, frame, node: root.node };
  const span = module.source.spanOf(root.node);
  const causes: Cause[] = [];
  let name = root.kind === "export" ? root.name : (nameByUse(root.node) ?? "a function");
  let node: ts.Node | null = null;
  let hasNumbers = false;
  /** Runs a part; what it is refused for is noted. */
  const attempt = (f: () => void): void => {
    const before = faults.unknowns;
    try {
      f();
    } catch (e) {
      absorbFault(machine, e, before);
    }
  };
  attempt(() => {
    const [first] = root.kind === "call" && root.applied ? root.node.arguments : [];
    // What it is applied to is not looked at: the function's own types tell as much.
    const value =
      root.kind === "export"
        ? reader.exported(site, module, root.name)
        : evaluate(machine, frame, first ?? root.node);
    if (value === null) return;
    const layers = layersOf(value);
    const closure = closureOf(layers.base);
    if (closure === null) {
      if (!isOurs(layers.base) && faults.found.size + faults.causes.size === 0)
        causes.push({ subject: "which function it is", reason: "run", span });
      return;
    }
    node = closure.node;
    name = closure.name !== "" ? closure.name : (nameByUse(closure.node) ?? name);
    hasNumbers = typesOf(reader.project, closure).some(holdsNumber);
    attempt(() => stageFunction(reader, value, closure, layers, numbers));
  });
  return { faults, name, node, causes, numbers: hasNumbers };
};

/** Stages a root, again and again until what it needs to be static is. */
export const checkRoot = (
  project: Project,
  library: Library,
  module: Module,
  root: Root,
  numbers: Numbers,
): Outcome => {
  const statics = new Set<string>();
  for (;;) {
    const reader = createReader(project, library, statics);
    const { faults, machine } = reader;
    const span = module.source.spanOf(root.node);
    const cutShort = (subject: string, reason: Cause["reason"]): Outcome => ({
      faults,
      name: root.kind === "export" ? root.name : (nameByUse(root.node) ?? "a function"),
      node: null,
      causes: [{ subject, reason, span }],
      numbers: false,
    });
    try {
      return stageRoot(reader, module, root, numbers);
    } catch (e) {
      if (e instanceof TscJitError) {
        if (e.diagnostics.some((d) => d.kind === "internal")) throw e;
        report(machine, faults, e);
        return cutShort("what comes after this fault", "depth");
      }
      if (e instanceof RangeError && /call stack/.test(e.message))
        return cutShort("calls nested too deeply", "depth");
      if (!(e instanceof NeedStatic)) throw e;
      const { size } = statics;
      for (const need of e.needs) statics.add(needKey(need));
      if (statics.size === size) return cutShort("what it depends on", "value");
    }
  }
};
