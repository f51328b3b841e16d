/** Names of variables: none is given twice where both would be seen, and none hides what the text itself uses. */

export interface Names {
  /** A name like `wanted`: itself, or with a number behind it. */
  readonly fresh: (wanted: string) => string;
  readonly has: (name: string) => boolean;
  /** All names given here and in the blocks inside. */
  readonly given: Set<string>;
  /** Lets a name be given again that was not used after all. */
  readonly release: (name: string) => void;
}

/** What the text may need as what it is, and the words of the language. */
const RESERVED: ReadonlySet<string> = new Set([
  ...[
    "Math",
    "Number",
    "Array",
    "Infinity",
    "NaN",
    "undefined",
    "RangeError",
    "Error",
    "Tensor",
    "np",
    "jit",
  ],
  ...[
    "Float64Array",
    "Float32Array",
    "Int32Array",
    "Uint32Array",
    "Uint8Array",
    "random",
    "arguments",
    "eval",
  ],
  ...["break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else"],
  ...["enum", "export", "extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof"],
  ...["new", "null", "return", "super", "switch", "this", "throw", "true", "try", "typeof", "var", "void"],
  ...["while", "with", "yield", "let", "static", "await", "async", "implements", "interface", "package"],
  ...["private", "protected", "public", "of", "number", "boolean", "string"],
]);

export const createNames = (outer: Names | null, taken: readonly string[]): Names => {
  const own = new Set(taken);
  const given = outer?.given ?? new Set<string>();
  // what stands before all blocks must not be hidden by what one of them has declared
  const isTaken = (name: string): boolean => has(name) || (outer === null && given.has(name));
  const has = (name: string): boolean => own.has(name) || (outer?.has(name) ?? RESERVED.has(name));
  const fresh = (wanted: string): string => {
    const base = /^[A-Za-z_$][\w$]*$/.test(wanted) ? wanted : "t";
    let name = base;
    for (let k = 2; isTaken(name); k++) name = /\d$/.test(base) ? `${base}_${k}` : `${base}${k}`;
    own.add(name);
    given.add(name);
    return name;
  };
  return { fresh, has, given, release: (name) => void own.delete(name) };
};
