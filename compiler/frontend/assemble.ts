/** Forms as results of an equation: a value taken apart into them, and made of them again. */
import type { TensorType, Var } from "../ir/types.js";
import { type Form, partsOf } from "./forms.js";
import type { Identity, Meeting, Side } from "./identities.js";
import type { Site } from "./machine.js";
import { placeOf, rowAtPlace } from "./places.js";
import { stagedArray } from "./staged-arrays.js";
import { lift, needsOf, tensorOf, varOf } from "./tensors.js";
import {
  arrayOf,
  isStatic,
  type Mutable,
  type Need,
  objectOf,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

const INDEX: TensorType = { dtype: "f64", shape: [] };

/** Types of the results that a form needs, in order. */
export const typesOf = (form: Form): readonly TensorType[] => {
  switch (form.kind) {
    case "leaf":
      return [form.type];
    case "maybe":
      return [{ dtype: "bool", shape: [] }, ...typesOf(form.value)];
    case "row":
      return form.index.flatMap((i) => (i.known === null ? [INDEX] : []));
    case "array":
      return form.items.flatMap(typesOf);
    case "object":
      return form.fields.flatMap(typesOf);
    default:
      return [];
  }
};

/**
 * A value's parts in a form's types, in the program under construction; zeros where there is none. `entry`: what a loop starts
 * with, although its arrays have other names from then on.
 */
export const flatten = (site: Site, form: Form, value: Side, entry = false): readonly Var[] => {
  const { builder } = site.machine;
  switch (form.kind) {
    case "leaf": {
      if (value === null) return [builder.splat(0, form.type)];
      const own = value.kind === "array" && value.held.kind === "staged" ? value.held.rows : value;
      if (entry && own.kind === "tensor" && own.view === null && site.machine.open.has(own.builder))
        return [builder.cast(own.v, form.type.dtype)];
      const x = lift(site, value, "a result");
      return [builder.cast(varOf(site, x), form.type.dtype)];
    }
    case "maybe": {
      const parts = value === null ? { value: null, missing: null } : partsOf(value);
      const present =
        value?.kind === "unmerged" && value.maybe !== undefined
          ? varOf(site, value.maybe.present)
          : builder.scalar(parts.value === null ? 0 : 1, "bool");
      return [present, ...flatten(site, form.value, parts.value, entry)];
    }
    case "row": {
      const own = value === null ? null : placeOf(value);
      return form.index.flatMap(({ known }, k) => {
        if (known !== null) return [];
        const i = own?.index[k] ?? 0;
        return [typeof i === "number" ? builder.scalar(i, "f64") : builder.cast(varOf(site, i), "f64")];
      });
    }
    case "array": {
      const items = value?.kind === "array" ? value.items : null;
      return form.items.flatMap((item, k) => flatten(site, item, items?.[k] ?? null, entry));
    }
    case "object": {
      const props = value?.kind === "object" ? value.props : null;
      return form.fields.flatMap((field, k) =>
        flatten(site, field, props?.get(form.keys[k] ?? "") ?? null, entry),
      );
    }
    default:
      return [];
  }
};

/** The value that a form's results make. */
export const assemble = (meeting: Meeting, form: Form, vars: readonly Var[]): Value => {
  let next = 0;
  const { site } = meeting;
  const needs = meeting.needs;
  const own = <T extends Mutable>(value: T, { fixed, mayBe }: Identity): T => {
    value.fixed = fixed;
    value.mayBe = mayBe;
    for (const m of mayBe) if (m.fixed === null) m.fixed = "merged";
    return value;
  };
  const build = (f: Form): Value => {
    switch (f.kind) {
      case "same":
        return f.value;
      case "leaf": {
        const v = vars[next++];
        if (v === undefined) return UNDEFINED;
        const { weak, hostArray, store } = f;
        const value = tensorOf(site, v, { weak, hostArray, store, needs });
        if (f.rows) return own(stagedArray(site, value), f.identity);
        return f.type.shape.length === 0 ? value : own(value, f.identity);
      }
      case "row": {
        const index = f.index.map((i) => {
          const v = i.known === null ? vars[next++] : undefined;
          if (i.known !== null || v === undefined) return i.known ?? 0;
          if (i.whole) site.machine.integral.add(v);
          return tensorOf(site, v, { weak: true, needs });
        });
        return rowAtPlace(site, f.place, index);
      }
      case "maybe": {
        const flag = vars[next++];
        const value = build(f.value);
        const span = site.machine.builder.span();
        const common = { kind: "unmerged", reason: f.reason, needs, span } as const;
        if (flag === undefined || (!isStatic(value) && value.kind !== "tensor" && value.kind !== "object"))
          return common;
        const present = tensorOf(site, flag, { weak: true, needs });
        return { ...common, maybe: { present, value, missing: f.missing } };
      }
      case "array":
        return own(arrayOf(f.items.map(build)), f.identity);
      case "object": {
        const fields = f.fields.map(build);
        return own(
          objectOf(
            f.keys.map((key, k) => [key, fields[k] ?? UNDEFINED] as const),
            null,
            f.type,
          ),
          f.identity,
        );
      }
      case "unmerged":
        return {
          kind: "unmerged",
          reason: f.reason,
          needs: f.unknown ?? needs,
          span: site.machine.builder.span(),
        };
      default: {
        const never: never = f;
        return never;
      }
    }
  };
  return build(form);
};

/** Needs of a merge: its condition's and those of the values. */
export const mergeNeeds = (
  needs: readonly Need[] | null,
  values: readonly Side[],
): readonly Need[] | null => {
  if (needs === null) return null;
  const staged = values.filter((v): v is TensorValue => v !== null && v.kind === "tensor");
  if (staged.length === 0) return needs;
  const own = needsOf(staged);
  return own === null ? null : [...new Set([...needs, ...own])];
};
