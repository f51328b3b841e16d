/** Tables of numbers. */
import { readFileSync } from "node:fs";

/** The columns of `samples/data/FILE` by name; lines that begin with # are remarks. */
export const readColumns = <Name extends string>(file: string, ...names: readonly Name[]) => {
  const text = readFileSync(new URL(`../data/${file}`, import.meta.url), "utf8");
  const [head, ...rows] = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const places = names.map((name) => head.split(",").indexOf(name));
  if (places.includes(-1)) throw new Error(`${file} has the columns ${head}, not all of ${names}`);
  const column = (place: number) => Float64Array.from(rows, (row) => Number(row.split(",")[place]));
  return Object.fromEntries(names.map((name, k) => [name, column(places[k])])) as Record<Name, Float64Array>;
};
