/** The text of an error that is thrown at run time: numbers that are known only then have places in it. */
import { literalText, MAX_SHOWN } from "../ops/check-text.js";
import type { TensorValue } from "./values.js";

const MARK = "\u0000";
const MARKED = new RegExp(`${MARK}(\\d+)${MARK}`, "g");

/** What stands for a number in the text; null for what is none. */
export const placeInText = (shown: TensorValue[], value: TensorValue): string | null => {
  const { dtype, shape } = value.v.type;
  if (shape.length > 0 || dtype === "bool" || value.holes) return null;
  return `${MARK}${shown.push(value)}${MARK}`;
};

/** The text of a check that shows the numbers as its values; those beyond the last that it can show are left out. */
export const checkTextOf = (text: string): string =>
  literalText(text).replace(MARKED, (_, k: string) => (Number(k) <= MAX_SHOWN ? `{${k}}` : "..."));

/** The text without the numbers. */
export const withoutNumbers = (text: string): string => text.replace(MARKED, "...");
