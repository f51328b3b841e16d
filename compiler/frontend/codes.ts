/** Every diagnostic code of the front end, with the mistake it stands for and, where no better one is known, the way out. */
import type { DiagnosticKind } from "../diagnostics.js";

const code = (kind: DiagnosticKind, summary: string, wayOut: string) => ({ kind, summary, wayOut });

export const CODES = {
  TSJ1001: code(
    "unsupported",
    "a native function: there is no source to compile",
    "wrap it in a function of your own: (x) => native(x)",
  ),
  TSJ1002: code(
    "unsupported",
    "a bound function: its source is hidden",
    "wrap it: (...args) => original.call(self, ...args)",
  ),
  TSJ1003: code("unsupported", "the function's source could not be read", "pass a function or a method"),
  TSJ1004: code(
    "unsupported",
    "a name that is not visible from the function",
    "hand its variables over: jit(fn, { scope: () => ({ name }) })",
  ),
  TSJ1005: code(
    "unsupported",
    "an async function or a generator",
    "compiled code is synchronous: await outside of it and pass the values in; gather what a generator yields in an array",
  ),
  TSJ1010: code("purity", "a captured variable that is reassigned somewhere", "pass it in as a parameter"),
  TSJ1011: code(
    "unsupported",
    "a captured value of a kind that can't be tracked",
    "read it outside and pass the values in, or keep them in a plain object",
  ),
  TSJ1020: code(
    "purity",
    "a write to an argument",
    "make a copy and return it: { ...object, key: value }, x.slice(), array.with(i, value)",
  ),
  TSJ1021: code("purity", "a write to a captured value", "return the new value instead"),
  TSJ1022: code(
    "purity",
    "an assignment to a constant",
    "declare it with let, or make a copy with the new value",
  ),
  TSJ1023: code(
    "purity",
    "a write to an object that may be one of several",
    "write to each on its own path, or copy: x.slice(), { ...object }",
  ),
  TSJ1024: code(
    "purity",
    "an array used after it was written to under another name on some path",
    "give each array one name, or copy it: x.slice()",
  ),
  TSJ1030: code(
    "purity",
    "a host effect: random numbers, the clock, output",
    "do it outside of the compiled function, and pass in what it gives",
  ),
  TSJ1031: code(
    "unsupported",
    "a native function given a value known only at run time",
    "do it outside of the compiled function; np.* and Math.* take values known only at run time",
  ),
  TSJ1040: code(
    "unsupported",
    "syntax outside the language as it is today",
    "write it with functions, loops, conditions, arrays and plain objects, or do it outside and pass the values in",
  ),
  TSJ1041: code(
    "unsupported",
    "a method or property outside the language as it is today",
    "use the functions of np, Math and arrays, or do it outside of the compiled function",
  ),
  TSJ1042: code(
    "type",
    "an element is set to a value that its array can't hold",
    "keep values of different kinds in arrays of their own",
  ),
  TSJ1043: code("unsupported", "a row shared by two places or arrays", "copy the row: A[i] = A[j].slice()"),
  TSJ1050: code("type", "what is called is not a function", 'check what is called: typeof f === "function"'),
  TSJ1051: code(
    "type",
    "a property of undefined or null",
    "check it first, or give it a default: p.a?.b ?? 0",
  ),
  TSJ1052: code("type", "a value of this kind is no operand", "pass numbers, booleans or arrays of them"),
  TSJ1053: code("type", "a value is used before its declaration", "move the declaration up"),
  TSJ1054: code("type", "an option that does not exist", "leave it out, or use one of those that there are"),
  TSJ1060: code(
    "unsupported",
    "a result that can't leave compiled code",
    "return numbers, booleans, arrays and plain objects of them",
  ),
  TSJ1061: code(
    "purity",
    "a value that outlives the transform it was computed in",
    "return it from the function instead (hasAux hands extra results through)",
  ),
  TSJ1100: code(
    "unsupported",
    "a condition known only at run time, where the structure of values depends on it",
    "give every path the same structure: arrays of one length, objects with the same keys",
  ),
  TSJ1101: code(
    "unsupported",
    "an array as a condition",
    "np.where(condition, a, b) chooses element by element; np.any and np.all make one truth value",
  ),
  TSJ1102: code(
    "unsupported",
    "a value that must be known at compile time",
    "compute it from shapes, constants or number arguments, not from the elements of arrays",
  ),
  TSJ1103: code(
    "unsupported",
    "a value that differs in kind between paths",
    "give it a value of the same kind on every path",
  ),
  TSJ1104: code(
    "unsupported",
    "a change of a host object under a condition known only at run time",
    "keep numbers that change in arrays and plain objects",
  ),
  TSJ1105: code(
    "unsupported",
    "a loop without an end",
    "leave it with break or return, or give it a condition that changes",
  ),
  TSJ1110: code(
    "unsupported",
    "unrolling grows beyond the budget",
    "use array operations (np.sum, np.dot) instead of the loop, or keep its counter out of what must be known at compile time",
  ),
  TSJ1111: code(
    "unsupported",
    "recursion grows beyond the depth limit",
    "recursion must end on values known at compile time; write one that data ends as a loop",
  ),
  TSJ1112: code(
    "unsupported",
    "an array whose length is known only at run time",
    "return a typed array of the greatest length and the number of items in use, or use the items in the function: sums, elements, loops",
  ),
  TSJ1120: code(
    "type",
    "a throw that every run reaches",
    "every call with arguments of these shapes and static values ends here: change the condition before it, or the arguments",
  ),
  TSJ1130: code(
    "range",
    "an index out of range",
    "check the index against x.length, or choose another element",
  ),
  TSJ1131: code(
    "range",
    "an index that is not a whole number from 0",
    "count from the start: x[x.length - 1], or x.at(-1)",
  ),
  TSJ1140: code(
    "range",
    "a loop that passes maxIterations",
    "raise maxIterations, or let the loop's condition end it",
  ),
  TSJ1141: code("range", "an integer divided by zero", "test the divisor: b === 0 ? 0 : a / b"),
  TSJ2101: code(
    "shape",
    "shapes that do not broadcast",
    "sizes must be equal or 1, counted from the last axis",
  ),
  TSJ2102: code("type", "i32 with u32", 'cast one of them: x.astype("i32")'),
  TSJ2103: code(
    "shape",
    "a ragged array",
    "all rows need the same length: pad them, or keep them in separate arrays",
  ),
  TSJ2104: code("type", "wrong operands of a primitive", "see the types of prim, or use the function of np"),
  TSJ3010: code("type", "argnums outside the arguments", "argnums counts from 0"),
  TSJ3011: code(
    "type",
    "hasAux without a pair as the result",
    "return one number, or [value, extra] with { hasAux: true }",
  ),
  TSJ3012: code(
    "type",
    "an argument without a derivative",
    "choose other arguments with argnums, or cast this one to f32",
  ),
  TSJ3013: code(
    "type",
    "primals and tangents with different structures or types",
    "give it the shape and dtype of what it belongs to",
  ),
  TSJ3014: code(
    "type",
    "the rule of a customJvp or customVjp with a result of the wrong structure or type",
    "give a result with the structure, shapes and dtypes of what it belongs to",
  ),
  TSJ3015: code(
    "purity",
    "a function under checkpoint that changes something outside it",
    "let it return what it computes: it is run again for the derivative",
  ),
  TSJ3016: code(
    "type",
    "a policy or a name that checkpoint can't use",
    'policies are "nothingSaveable", "everythingSaveable", "dotsSaveable", "dotsWithNoBatchDimsSaveable", and { saveOnlyTheseNames: [...] } with its kind',
  ),
  TSJ3020: code(
    "shape",
    "vmap axes or sizes that do not fit",
    "inAxes names the axis of each argument that is mapped, null leaves one out; mapped axes have equal sizes",
  ),
} as const;

export type Code = keyof typeof CODES;
