import { programOf } from "../fuzz.js";
import { renderProgram } from "../render.js";
import { argumentsOf, functionOf } from "../tiers.js";
import { stage } from "../../../compiler/frontend/stage.js";
import { argumentTrees, parameterNames } from "../../../runtime/signature.js";
import { runPasses } from "../../../compiler/passes/pipeline.js";
import { lowerProgram } from "../../../compiler/kernel/lower.js";
import { printProgram } from "../../../compiler/kernel/print.js";
import { printFunction } from "../../../compiler/ir/print.js";
import { emitModule } from "../../../compiler/targets/wasm/module.js";
import { detectProfile } from "../../../compiler/targets/wasm/profile.js";
import { writeFileSync } from "node:fs";
const p = programOf(Number(process.argv[2]));
const r = renderProgram(p);
const fn = functionOf(r);
let t = performance.now();
const lap = (w: string) => { console.log(w, (performance.now() - t).toFixed(0)); t = performance.now(); };
stage({ fn: functionOf(r), args: argumentTrees(argumentsOf(p, r.arrays)[0]!, parameterNames(fn)), scope: null }); lap("stage0");
const st = stage({ fn, args: argumentTrees(argumentsOf(p, r.arrays)[0]!, parameterNames(fn)), scope: null }); lap("stage");
const o = runPasses(st.fn).fn; lap("passes");
writeFileSync("/tmp/ir.txt", printFunction(st.fn)); writeFileSync("/tmp/ir2.txt", printFunction(o));
for (const opt of [{ strict: true }, { strict: true, nests: false }]) {
const k = lowerProgram(o, opt); lap("lower");
writeFileSync(`/tmp/k${opt.nests}.txt`, printProgram(k));
const e = emitModule(k, detectProfile(), { wat: false }); lap("emit " + e.wasm.length);
new WebAssembly.Module(new Uint8Array(e.wasm)); lap("v8");
}
