/** Texts of failed checks: what is known only at run time stands in braces. */

/**
 * The index that the front end makes of a number with a fraction, or of NaN: out of range everywhere, exact in f32, and no
 * index that anyone would compute.
 */
export const NOT_WHOLE = -(2 ** 31) + 3 * 128;

/** Values that a check's text may show besides its detail. */
export const MAX_SHOWN = 4;

/** `{}` is the detail, `{1}` to `{4}` are the values, `{{` is a brace. */
export const checkText = (message: string, detail: number | null, values: readonly number[] = []): string =>
  message.replace(/\{\{|\{(\d*)\}/g, (found, index: string | undefined) => {
    if (index === undefined) return "{";
    if (index !== "") return String(values[Number(index) - 1] ?? found);
    return detail === NOT_WHOLE ? "(no whole number)" : String(detail ?? "");
  });

/** A text that is shown as it is. */
export const literalText = (text: string): string => text.replaceAll("{", "{{");
