/**
 * The errors that the files of vector math state: in a docstring's lines `NAME: F32 ulp in f32, F64 ulp in f64`, the largest that
 * `npm run ulp` has measured, over all profiles.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface Stated {
  readonly f32: number;
  readonly f64: number;
}

const folder = new URL("../../compiler/kernel/math/", import.meta.url);

export const statedErrors = (): ReadonlyMap<string, Stated> =>
  new Map(
    readdirSync(folder).flatMap((file) =>
      [
        ...readFileSync(new URL(file, folder), "utf8").matchAll(
          /^ \* {3}(\w+): ([\d.]+) ulp in f32, ([\d.]+) in f64$/gm,
        ),
      ].map(([, name = "", f32, f64]) => [name, { f32: Number(f32), f64: Number(f64) }] as const),
    ),
  );
