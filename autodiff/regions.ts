/** How the transforms build regions. */
import type { Span } from "../compiler/diagnostics.js";
import { createBuilder } from "../compiler/ir/builder.js";
import type { BuildRegion } from "../compiler/ops/control/record.js";

/** Builds regions whose new equations are stamped `span`. */
export const regionBuilder =
  (span: Span | null): BuildRegion =>
  (name, types, f) => {
    const b = createBuilder();
    const params = types.map((type) => b.param(type));
    const results = b.at(span, () => f(b, params));
    return b.finish(name, results);
  };
