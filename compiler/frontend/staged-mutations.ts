/** Array methods that write to staged arrays in place. */
import { sizeOf } from "../ir/types.js";
import { runIndexed } from "./item-loops.js";
import { itemsOf } from "./iterate.js";
import { refuse, type Site } from "./machine.js";
import { binary } from "./operators.js";
import { contentOf, type Method, type Receiver, range, reversed, slice } from "./parts.js";
import { toNumber } from "./reify.js";
import { indexOf } from "./searches.js";
import { sortInPlace } from "./sorting.js";
import { setItem } from "./staged-arrays.js";
import { setElement } from "./tensor-members.js";
import { lift, varOf } from "./tensors.js";
import { staticValue, UNDEFINED, type Value } from "./values.js";
import { replaceContent } from "./views.js";

const at = (args: readonly Value[], k: number): Value => args[k] ?? UNDEFINED;

/** Methods that change a staged array without changing its length. */
export const STAGED_MUTATIONS: Readonly<Record<string, Method>> = {
  fill: (site, self, args) => {
    const x = contentOf(site, self);
    if (x === null) return self;
    const n = x.v.type.shape[0] ?? 0;
    const [start, stop] = range(site, args, 1, n);
    const write = (k: Value): void => {
      if (self.kind === "tensor") setElement(site, self, k, at(args, 0));
      else setItem(site, self, indexOf(k), at(args, 0));
    };
    if (stop - start >= 1)
      runIndexed(
        site,
        stop - start,
        (k) => {
          write(start === 0 ? k : binary(site, "+", k, staticValue(start)));
          return null;
        },
        { stageable: true },
      );
    return self;
  },
  reverse: (site, self) => replaceAll(site, self, reversed(site, self, [])),
  sort: (site, self, args) => sortInPlace(site, self, at(args, 0)),
  copyWithin: (site, self, args) => {
    const x = contentOf(site, self);
    if (x === null) return self;
    const v = varOf(site, x);
    const [n = 0, ...rest] = v.type.shape;
    const [target] = range(site, args, 0, n);
    const [start, stop] = range(site, args, 1, n);
    const count = Math.min(stop - start, n - target);
    if (count <= 0) return self;
    if (rest.length > 0)
      return refuse(
        site,
        "TSJ1043",
        "copyWithin would put one row at two places: the two places would be one array, which compiled code can't express",
        "copy each row: A[i] = A[j].slice()",
      );
    const { builder } = site.machine;
    const part = builder.emit("slice", [v], { start: [start], limit: [start + count], stride: [1] });
    const at0 = builder.scalar(target, "i32");
    replaceContent(site, x, builder.emit("dynamicUpdate", [v, part, at0], { mode: "check" }));
    return self;
  },
  set: (site, self, args) => {
    const source = lift(site, at(args, 0), "what is set");
    const offset = args.length < 2 ? 0 : toNumber(site, at(args, 1), "an offset");
    const count = sizeOf(source.v.type.shape);
    const items = itemsOf(site, slice(site, source, []));
    runIndexed(
      site,
      count,
      (k) => {
        const to = offset === 0 ? k : binary(site, "+", k, staticValue(offset));
        if (self.kind === "tensor") setElement(site, self, to, items.at(site, indexOf(k)));
        return null;
      },
      { stageable: true },
    );
    return UNDEFINED;
  },
};

const replaceAll = (site: Site, self: Receiver, next: Value): Value => {
  const items = itemsOf(site, next);
  runIndexed(
    site,
    items.length(),
    (k) => {
      if (self.kind === "tensor") setElement(site, self, k, items.at(site, indexOf(k)));
      else setItem(site, self, indexOf(k), items.at(site, indexOf(k)));
      return null;
    },
    { stageable: true },
  );
  return self;
};
