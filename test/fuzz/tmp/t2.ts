import fc from "fast-check";
import { programs } from "/work/cf/test/fuzz/arbitrary.js";
import { renderProgram } from "/work/cf/test/fuzz/render.js";
const N = 300; let bad = 0; const t0 = performance.now();
const ps = fc.sample(programs(), { numRuns: N, seed: 5 });
console.log("gen", performance.now() - t0);
let maxT = 0, len = 0;
ps.forEach((p, k) => {
  const r = renderProgram(p);
  len += r.body.length;
  if (k < 4) console.log(r.parameters.join(), "\n" + r.body, "\n------");
  try {
    const fn = new Function(...r.parameters, r.body);
    const t = performance.now();
    const xs = p.inputs[0]!;
    try { const v = fn(...xs.slice(0, p.numbers), ...r.arrays.map(n => Float64Array.from(xs.slice(0, n)))); if (k < 6) console.log(v); } catch (e) { if (!(e as Error).message.startsWith("stop")) throw e; }
    maxT = Math.max(maxT, performance.now() - t);
  } catch (e) { if (bad++ < 3) console.log(r.body, e); }
});
console.log({ bad, maxT, len: len / N }, performance.now() - t0);
