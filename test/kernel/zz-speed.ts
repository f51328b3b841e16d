import { build, f32, adamStep, softmax,optimised } from "./fixtures.js";
import { lowerProgram } from "../../compiler/kernel/lower.js";
import type { Var } from "../../compiler/ir/types.js";
const time = (label: string, fn: any) => { const t=performance.now(); const p = lowerProgram(fn); const t1=performance.now(); lowerProgram(fn); const t2=performance.now(); lowerProgram(fn); const t3=performance.now(); console.log(label, fn.body.length, "eqns", p.kernels.length, "kernels", (t1-t).toFixed(1), (t2-t1).toFixed(1), (t3-t2).toFixed(1)); };
time("adam", optimised(adamStep({batch:128, inputs:784, hidden:128, classes:10})));
for (const n of [1000, 4000]) {
time("chain", build("chain", [f32(100,100)], (b, x) => { let v = x!; for (let i=0;i<n;i++) v = i%3===0 ? b.tanh(v) : i%3===1 ? b.mul(v, x!) : b.add(v, v); return [v]; }));
time("diamond", build("d", [f32(100)], (b, x) => { let v = x!, w= x!; for (let i=0;i<n/4;i++) { const a = b.sin(v), c=b.mul(w,a); v = b.add(a,c); w = b.sub(c, v);} return [v]; }));
time("softmaxes", build("s", [f32(64,10)], (b, x) => { let v = x!; for (let i=0;i<n/7;i++) v = softmax(b, v); return [v]; }));
time("many", build("s", [f32(64,10)], (b, x) => { const vs: Var[] = [x!]; for (let i=0;i<n/2;i++) { const t=b.exp(vs[(i*7)%vs.length]!); vs.push(b.add(t, vs[(i*13)%vs.length]!)); } return vs.slice(-5); }));
time("dots", build("s", [f32(64,64)], (b, x) => { let v = x!; for (let i=0;i<n/3;i++) { const z = b.emit("dot",[v,x!],{lhsContract:[1],rhsContract:[0],lhsBatch:[],rhsBatch:[]}); v = b.tanh(b.add(z,x!));} return [v]; }));
time("scalar", build("s", [f32(), f32()], (b, x, y) => { let v = x!; for (let i=0;i<n;i++) v = i%3===0 ? b.tanh(v) : i%3===1 ? b.mul(v, y!) : b.add(v, v); return [v]; }));
}
