import assert from "node:assert/strict";
import { TscJitError } from "../../compiler/diagnostics.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { parseFunction } from "../../compiler/ir/parse.js";
import { printFunction } from "../../compiler/ir/print.js";

const LOSS = `fn loss(%0:f32[128,784], %1:f64[]) {
  %2:f32[784] = reduceSum %0 {axes=[0]}
  %3:f64[] = neg %1
  return %2, %3
}`;

const refusal = (text: string): { readonly code: string; readonly at: string; readonly message: string } => {
  try {
    parseFunction(text);
  } catch (e) {
    assert.ok(e instanceof TscJitError, String(e));
    const [d] = e.diagnostics;
    return { code: e.code, at: `${d?.span?.line}:${d?.span?.column}`, message: d?.message ?? "" };
  }
  return assert.fail("this text was accepted");
};

describe("IR text", () => {
  it("prints what it parsed", () => {
    assert.equal(printFunction(parseFunction(LOSS)), LOSS);
  });

  it("renumbers values in order of appearance, whatever the text calls them", () => {
    const text = `; a comment
      fn f(%7:f32[2]) { %3:f32[2] = sin %7   ; another
        return %3, %7 }`;
    assert.equal(
      printFunction(parseFunction(text)),
      "fn f(%0:f32[2]) {\n  %1:f32[2] = sin %0\n  return %1, %0\n}",
    );
  });

  it("keeps every double: -0, NaN, infinities, the smallest, the largest, 0.1", () => {
    const values = [
      -0,
      0,
      Number.NaN,
      Infinity,
      -Infinity,
      5e-324,
      -1.7976931348623157e308,
      0.1,
      1e21,
      1e-7,
      -2,
    ];
    const b = createBuilder();
    const results = values.map((value) => b.scalar(value, "f64"));
    results.push(b.emit("literal", [], { data: values, dtype: "f64", shape: [values.length] }));
    const text = printFunction(b.finish("numbers", results));
    const parsed = parseFunction(text);
    assert.equal(printFunction(parsed), text);
    values.forEach((value, k) => {
      const eqn = parsed.body[k];
      assert.ok(eqn?.op === "const" && Object.is(eqn.params.value, value), `${value} became ${text}`);
    });
  });

  it("prints params in one order, however they were written", () => {
    const b = createBuilder();
    const x = b.param({ dtype: "f32", shape: [3] });
    const y = b.emit("slice", [x], { stride: [1], limit: [2], start: [1] });
    assert.match(printFunction(b.finish("f", [y])), /slice %0 \{start=\[1\], limit=\[2\], stride=\[1\]\}/);
  });

  it("quotes a name that is no identifier", () => {
    const text = 'fn "a b \\"c\\""() {\n  return\n}';
    assert.equal(printFunction(parseFunction(text)), text);
  });

  it("prints and reads spans on demand", () => {
    const b = createBuilder();
    const x = b.param({ dtype: "f64", shape: [] });
    const y = b.at({ file: "a b.ts", line: 12, column: 3, length: 2 }, () => b.sin(x));
    const text = printFunction(b.finish("f", [y]), { spans: true });
    assert.match(text, / {2}@"a b\.ts":12\n/);
    assert.equal(printFunction(parseFunction(text), { spans: true }), text);
    assert.doesNotMatch(printFunction(parseFunction(text)), /@/);
  });

  it("prints spans as comments, which are not read", () => {
    const b = createBuilder();
    const x = b.param({ dtype: "f64", shape: [] });
    const y = b.at({ file: "/a/b.ts", line: 12, column: 3, length: 2 }, () => b.sin(x));
    const fn = b.finish("f", [y]);
    const text = printFunction(fn, { spans: "comment" });
    assert.match(text, /sin %0 {2}; b\.ts:12\n/);
    assert.equal(printFunction(parseFunction(text)), printFunction(fn));
  });

  it("shows free values of a function under construction", () => {
    const x = { type: { dtype: "f32", shape: [2] } } as const;
    const b = createBuilder();
    assert.match(
      printFunction(b.finish("f", [b.add(x, x)])),
      /%0:f32\[2\] = add %\?0:f32\[2\] %\?0:f32\[2\]\n/,
    );
  });

  const cases: readonly (readonly [
    what: string,
    text: string,
    at: string,
    message: RegExp,
    code?: string,
  ])[] = [
    ["a character that means nothing", "fn f() {\n  ?\n}", "2:3", /unexpected "\?"/],
    ["an unknown op", LOSS.replace("neg", "negg"), "3:14", /an op expected, found negg/],
    ["an undefined value", LOSS.replace("neg %1", "neg %9"), "3:18", /%9 is not defined here/],
    ["a value defined twice", LOSS.replace("%3:f64[] =", "%2:f64[] ="), "3:3", /%2 is defined twice/],
    [
      "a type that the op does not give",
      LOSS.replace("%3:f64[]", "%3:f32[]"),
      "3:3",
      /neg gives f64\[\], written is f32\[\]/,
    ],
    ["a missing param", LOSS.replace(" {axes=[0]}", ""), "2:17", /reduceSum needs the param axes/],
    ["an unknown param", LOSS.replace("axes=", "axis="), "2:31", /reduceSum has no param axis/],
    ["a param given twice", LOSS.replace("axes=[0]", "axes=[0], axes=[0]"), "2:41", /axes is given twice/],
    [
      "a param of the wrong kind",
      LOSS.replace("axes=[0]", "axes=[0.5]"),
      "2:31",
      /axes must be a list of integers/,
    ],
    ["a wrong dtype", LOSS.replace("%1:f64", "%1:f65"), "1:29", /a dtype expected, found f65/],
    ["a negative size", LOSS.replace("128", "-1"), "1:16", /a size expected, found -1/],
    ["no return", "fn f() {\n}", "2:1", /return expected, found \}/],
    ["an end too early", "fn f() {\n  return", "2:9", /, expected|found the end/],
    ["text after the end", `${LOSS}\nfn`, "6:1", /the end expected, found fn/],
    [
      "a constant of another dtype",
      "fn f() {\n  %0:i32[] = const {value=0.5, dtype=i32, shape=[]}\n  return %0\n}",
      "2:14",
      /0.5 is no i32/,
    ],
    [
      "an op whose shape rule refuses",
      "fn f(%0:f32[2], %1:f32[3]) {\n  %2:f32[2] = add %0 %1\n  return %2\n}",
      "2:15",
      /f32\[2\] and f32\[3\]/,
      "TSJ2001",
    ],
  ];
  for (const [what, text, at, message, code] of cases) {
    it(`refuses ${what}, and says where`, () => {
      const found = refusal(text);
      assert.match(found.message, message);
      assert.deepEqual([found.code, found.at], [code ?? "TSJ2100", at]);
    });
  }
});
