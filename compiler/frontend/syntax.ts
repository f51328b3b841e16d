/** Syntax outside the language. */
import type { ts } from "ts-morph";
import { refuse, type Site } from "./machine.js";

/** What to write instead, by the name of the node's kind. */
const INSTEAD: Readonly<Record<string, string>> = {
  TryStatement: "catch around the call of the compiled function, or test for what would throw",
  WithStatement: "name the object",
  LastStatement: "leave it out", // debugger
  AwaitExpression: "await outside of the compiled function and pass the values in",
  YieldExpression: "gather the values in an array",
  TaggedTemplateExpression: "call the function with the parts and the values",
  ImportKeyword: "import it at the top of the file",
  MetaProperty: "read it outside and pass it in",
};

/** `debugger` is the last of the kinds of statements: TypeScript gives it that name as well. */
const NAMES: Readonly<Record<string, string>> = {
  LastStatement: "`debugger` statements are",
  ImportKeyword: "`import()` is",
};

const nameOf = (node: ts.Node, kind: string): string => {
  if (kind === "MetaProperty") return `\`${node.getText()}\` is`; // import.meta, new.target
  const statement = /^(\w+)(?:Statement|Declaration)$/.exec(kind)?.[1];
  if (statement !== undefined) return `\`${statement.toLowerCase()}\` statements are`;
  const words = kind.replace(/Expression$|Keyword$/, "").replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
  return `${words.trim()} is`;
};

/** Refuses a statement or an expression of a kind that is not compiled. */
export const refuseSyntax = (site: Site, node: ts.Node): never => {
  const kind = site.machine.ts.SyntaxKind[node.kind];
  return refuse(site, "TSJ1040", `${NAMES[kind] ?? nameOf(node, kind)} not compiled`, INSTEAD[kind] ?? null);
};
