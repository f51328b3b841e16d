/** The calls that led to a fault, as far as they are shown with it. */
import { type Span, TscJitError } from "../diagnostics.js";
import { type Site, spanAt } from "./machine.js";

/** Calls that are shown on the way to a fault. */
const MAX_CALLS = 4;
const CALLED = " is called here";

/** The error with the call that led there, unless its place or an inner call is shown at that line already. */
export const withCall = (site: Site, name: string, error: TscJitError): TscJitError => {
  const span = site.node === null ? null : spanAt(site);
  const isShown = (at: Span | null): boolean => at?.file === span?.file && at?.line === span?.line;
  const [d, ...others] = error.diagnostics;
  if (span === null || d === undefined || others.length > 0 || d.span === null || isShown(d.span))
    return error;
  const calls = d.related.filter((r) => r.message.endsWith(CALLED));
  if (calls.length >= MAX_CALLS || calls.some((call) => isShown(call.span))) return error;
  const message = `${name === "" ? "the function" : `\`${name}\``}${CALLED}`;
  return new TscJitError([{ ...d, related: [...d.related, { message, span }] }]);
};
