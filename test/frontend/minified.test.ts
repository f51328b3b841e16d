/** What minifiers make of statements: the same function in the words of a bundle must still be compiled. */
import { deepStrictEqual } from "node:assert/strict";
import { toPlain } from "../corpus/compare.js";
import { runStaged } from "./harness.js";

/** A function of the text, as a bundle holds it. */
const bundled = (text: string) => new Function(`return ${text}`)() as (...args: unknown[]) => unknown;

const cases: Readonly<Record<string, readonly [text: string, ...calls: readonly unknown[][]]>> = {
  "if as &&, with an assignment": ["e=>{let t=0;return e>1&&(t=e*2),t}", [3], [0]],
  "if not as ||": ["e=>{let t=1;return e>1||(t=e*2),t}", [3], [0]],
  "if and else as ?:, with values of different kinds": [
    "e=>{let t=0,n=!1;return e>0?(t=e,n=!0):t-=e,[t,n]}",
    [2],
    [-2],
  ],
  "nested conditions of different kinds": [
    "(e,t)=>{let n=0;for(let r=0;r<12;r++)e<=r||t>r||e+t<r&&(n+=r);return n}",
    [1, 2],
    [20, 2],
  ],
  "continue as ||": ["(e,t)=>{let n=0;for(let r=0;r<t;r++)r%3==e||(n+=r);return n}", [1, 20]],
  "statements in a loop's head": [
    "e=>{let t=0,n;for(n=1,t=e;n<20;n++,t>50&&(t-=40))t+=n;return t+n}",
    [1],
    [60],
  ],
  "commas before a return": ["e=>{let t;return t=e+1,t*=2,t>4?(t-=1,t):(t+=1,t)}", [3], [0]],
  "a condition with a comma": ["e=>{let t=0;return(t=e*e,t>4)?t:-t}", [3], [1]],
  "a condition that is itself a choice": [
    "(e,t)=>{let n=0;for(;e>t?n<e:n<2*t;)n++;return(e>t?e>3:t)?n:-n}",
    [9, 2],
    [2, 9],
    [3, 1],
    [0, 0],
  ],
  "names that are declared again inside a loop": [
    "(e,t=.001)=>{let n=e,r=0;for(;n>t&&r<30;){let t=n/2;for(let e=0;e<12;e++)n=t-e/1e3;r++}return[n,r,t]}",
    [3],
    [3, 0.1],
  ],
  "an array's name that is declared again inside a loop": [
    "(e,t)=>{let n=new Float64Array(12),r=0;for(;r<t;){let t=new Float64Array(3);for(let e=0;e<3;e++)t[e]=r+e;n[r%12]+=t[2]*e[r%3],r++}return n}",
    [Float64Array.of(1, 2, 3), 20],
  ],
  "functions whose names are kept": [
    "(t=>{let f=(g,n)=>Object.defineProperty(g,`name`,{value:n,configurable:!0});return e=>{let r=f(t=>t*2,`twice`);function n(t){return t+1}f(n,`next`);class o{static{f(this,`Pair`)}constructor(t){this.a=t}get b(){return this.a*2}}return[n(r(e)),new o(e).b,r.name===`twice`?1:0,n.name===`next`?1:0,o.name===`Pair`?1:0]}})()",
    [3],
  ],
};

describe("frontend: minified code", () => {
  for (const [name, [text, ...calls]] of Object.entries(cases))
    it(name, () => {
      const fn = bundled(text);
      for (const args of calls) {
        const want = toPlain(fn(...args.map((x) => structuredClone(x))));
        deepStrictEqual(runStaged(fn, args), want);
      }
    });
});
