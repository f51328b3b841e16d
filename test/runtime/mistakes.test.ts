/** Golden texts of users' mistakes: set TSCJIT_UPDATE=1 to write them anew, then read the difference. */
import { ok, rejects, strictEqual, throws } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { TscJitError, tensor } from "../../runtime/index.js";
import { cases } from "../fixtures/mistakes.js";

const golden = new URL("../fixtures/mistakes.expect.md", import.meta.url);
const folder = `${dirname(fileURLToPath(golden))}/`;

const errorOf = (f: () => unknown): TscJitError => {
  let error: unknown = null;
  throws(f, (e) => {
    error = e;
    return true;
  });
  ok(error instanceof TscJitError, String(error));
  return error;
};

describe("users' mistakes", () => {
  it("have their golden texts", () => {
    const text = Object.entries(cases)
      .map(([name, f]) => `## ${name}\n\n\`\`\`\n${errorOf(f).message.replaceAll(folder, "")}\n\`\`\`\n`)
      .join("\n");
    if (process.env.TSCJIT_UPDATE === "1") writeFileSync(golden, text);
    strictEqual(text, readFileSync(golden, "utf8"));
  });

  for (const [name, f] of Object.entries(cases))
    it(`${name}: shown at a line of the user's file, and no fault of ours`, () => {
      const { message, diagnostics } = errorOf(f);
      ok(message.includes(`${folder}mistakes.ts:`), message);
      ok(
        diagnostics.every((d) => d.kind !== "internal"),
        message,
      );
    });

  it("are placed in asynchronous code as well", async () => {
    const late = async (): Promise<unknown> => {
      await Promise.resolve();
      return tensor([[1], [2, 3]]);
    };
    await rejects(late, /mistakes\.test\.ts:\d+:\d+\n\n\d+ \| +return tensor\(/);
  });
});

describe("tensors", () => {
  it("cannot be changed", () => {
    const t = tensor([1, 2]);
    throws(() => Object.assign(t, { shape: [1] }), TypeError);
    throws(() => Object.assign(t.shape, { 0: 1 }), TypeError);
    throws(() => Reflect.deleteProperty(t, "shape") || Object.assign(t, { dtype: "f64" }), TypeError);
    t.data[0] = 9; // a copy
    strictEqual(t.toArray().toString(), "1,2");
  });
});
