/** The state of one staging and the diagnostics that its parts raise. */
import type { ts } from "ts-morph";
import { diagnostic, errorOf, type Related, type Span } from "../diagnostics.js";
import type { Builder } from "../ir/builder.js";
import type { TensorType, Var } from "../ir/types.js";
import { CODES, type Code } from "./codes.js";
import type { Environment } from "./environment.js";
import type { Faults } from "./faults.js";
import type { Journal } from "./journal.js";
import type { CodeSource } from "./source.js";
import type { TypeScript } from "./ts.js";
import type { AnyFunction, Capture } from "./types.js";
import type { ArrayValue, ClassValue, Need, Origin, TensorValue, Value } from "./values.js";

/** Steps of the interpreter before a loop counts as too long to unroll, and operations before a program is too big. */
export const MAX_STEPS = 2_000_000;
export const MAX_EQUATIONS = 50_000;
/** Nested calls; JavaScript's own stack holds some thousands of the interpreter's frames. */
export const MAX_DEPTH = 200;

/** A captured value that became a parameter of the program. */
export interface HiddenInput {
  readonly capture: number;
  readonly v: Var;
}

export interface Machine {
  readonly ts: TypeScript;
  /** The program being built: the root's, or that of a function under a transform. */
  builder: Builder;
  readonly root: Builder;
  /** Programs under construction, outermost first. */
  readonly open: Set<Builder>;
  readonly functions: AnyFunction[];
  readonly captures: Capture[];
  readonly captureIndex: Map<string, number>;
  readonly hidden: Map<string, HiddenInput & { readonly type: TensorType }>;
  /** Needs that this attempt treats as static, by `needKey`. */
  readonly statics: ReadonlySet<string>;
  readonly scope: (() => Readonly<Record<string, unknown>>) | null;
  /** One value per captured object, so that aliases stay aliases. */
  readonly hosts: Map<object, Value>;
  steps: number;
  depth: number;
  /** Regions being run, outermost first, and what would decide the condition of each. */
  readonly journals: Journal[];
  readonly conditions: (readonly Need[] | null)[];
  /** Arrays of the caller's, which may be written to if they are returned: the result is a new array then. */
  readonly owned: Map<TensorValue, Site | null>;
  readonly returned: Set<TensorValue>;
  readonly classes: Map<AnyFunction, ClassValue>;
  /** Ages of host objects made while staging. */
  readonly made: WeakMap<object, number>;
  /** Values of the program known to be whole numbers. */
  readonly integral: Set<Var>;
  /** Whole numbers of the program known to lie between two numbers, both included. */
  readonly ranges: Map<Var, readonly [number, number]>;
  /** How many items arrays that grow would hold at most. */
  readonly wanted: Map<ArrayValue, number>;
  /** How often an array ended under its other names. */
  moves: number;
  /** Functions being staged that reverse mode will go through. */
  reverse: number;
  /** How many derivatives, of either mode, will go through what is being staged. */
  derivatives: number;
  /** Truth values that are known on the path being run. */
  facts: ReadonlyMap<Var, boolean>;
  /** Numbers that the text of the throw being evaluated shows; null outside of throws. */
  shown: TensorValue[] | null;
  /** Blocks of `try` with a `catch` that are being run. */
  catching: number;
  /** Library functions being run, outermost first. */
  readonly entered: string[];
  /** Calls and loops being run: tells apart the places where one loop is reached. */
  readonly path: number[];
  /** Iterations that a loop without a known number of them may make; null for any number. */
  readonly maxIterations: number | null;
  /** Iterations of the enclosing loops that are unrolled, multiplied. */
  unrolled: number;
  /** Faults so far, where staging goes on after one; null where the first ends it. */
  faults: Faults | null;
}

/** One activation of a function. */
export interface Frame {
  readonly source: CodeSource;
  readonly env: Environment;
  readonly self: Value;
  /** The live function whose scopes hold the captured variables. */
  readonly live: AnyFunction;
  /** Script of the library function that this is part of; null in the user's code. */
  readonly libraryScript: string | null;
  /** The class whose member this is. */
  readonly home: ClassValue | null;
  /** Whether a `catch` of the same function takes what is thrown here. */
  readonly catches: boolean;
}

/** Where something happens. */
export interface Site {
  readonly machine: Machine;
  readonly frame: Frame | null;
  readonly node: ts.Node | null;
}

export const needKey = (need: Need): string =>
  need.kind === "arg" ? `arg ${need.index}` : need.kind === "unknown" ? "unknown" : need.key;
/** The key of a loop: its place in its file and the calls that lead there. */
export const loopKey = ({ path }: Machine, { source }: Frame, node: ts.Node): string =>
  `loop ${source.scriptId ?? ""}:${node.pos} ${path.join(" ")}`;

/** Thrown to start again with these inputs static. */
export class NeedStatic extends Error {
  readonly needs: readonly Need[];
  constructor(needs: readonly Need[]) {
    super("a value is needed at compile time");
    this.needs = needs;
  }
}

/** The user's line: the node's, or inside the library that of the call that led there. */
export const spanAt = ({ machine, frame, node }: Site): Span | null => {
  const own = node === null || frame === null ? null : frame.source.spanOf(node);
  return own ?? machine.builder.span();
};

export const refuse = (
  site: Site,
  code: Code,
  message: string,
  hint: string | null = null,
  related: readonly Related[] = [],
): never => {
  const { kind, wayOut } = CODES[code];
  throw errorOf([diagnostic(code, kind, message, { span: spanAt(site), hint: hint ?? wayOut, related })]);
};

/** Lines that say where operands came from. */
export const originsOf = (values: readonly Value[]): readonly Related[] =>
  values.flatMap((value) => {
    const origin: Origin | null = value.kind === "tensor" ? value.origin : null;
    return origin === null || origin.span === null ? [] : [{ message: origin.label, span: origin.span }];
  });

/** Counts a step; refuses when the program gets out of hand. */
export const step = (site: Site): void => {
  const { machine } = site;
  machine.steps++;
  if (machine.steps > MAX_STEPS)
    refuse(
      site,
      "TSJ1110",
      `staging takes more than ${MAX_STEPS.toLocaleString("en")} steps here`,
      "loops are unrolled at compile time: make the loop shorter, or use array operations instead of it",
    );
  if (machine.builder.body().length > MAX_EQUATIONS)
    refuse(
      site,
      "TSJ1110",
      `the program grows beyond ${MAX_EQUATIONS.toLocaleString("en")} operations here`,
      "loops over arrays are unrolled at compile time: use array operations (np.sum, np.dot) instead of the loop",
    );
};
