/** The inverse error function, by the polynomials of M. Giles, "Approximating the erfinv function" (2010). */
import { library } from "../library-function.js";
import type { Operand, Tensor } from "../types.js";
import { lift } from "./core.js";
import { where } from "./elementwise.js";

/** Coefficients, highest power first. The paper's single and double precision fits. */
const SINGLE_CENTRAL = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];
const SINGLE_TAIL = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3,
  1.00167406, 2.83297682,
];
const DOUBLE_CENTRAL = [
  -3.64441206401782e-21, -1.6850591381820166e-19, 1.28584807152564e-18, 1.1157877678025181e-17,
  -1.333171662854621e-16, 2.0972767875968562e-17, 6.637638134358324e-15, -4.054566272975207e-14,
  -8.151934197605472e-14, 2.6335093153082323e-12, -1.2975133253453532e-11, -5.415412054294628e-11,
  1.0512122733215323e-9, -4.112633980346984e-9, -2.9070369957882005e-8, 4.2347877827932404e-7,
  -1.3654692000834679e-6, -1.3882523362786469e-5, 1.867342080340571e-4, -7.40702534166267e-4,
  -6.033670871430149e-3, 0.24015818242558962, 1.6536545626831027,
];
const DOUBLE_MIDDLE = [
  2.2137376921775787e-9, 9.075656193888539e-8, -2.7517406297064545e-7, 1.8239629214389228e-8,
  1.5027403968909828e-6, -4.013867526981546e-6, 2.9234449089955446e-6, 1.2475304481671779e-5,
  -4.7318229009055734e-5, 6.828485145957318e-5, 2.4031110387097894e-5, -3.550375203628475e-4,
  9.532893797373805e-4, -1.6882755560235047e-3, 2.4914420961078508e-3, -3.7512085075692412e-3,
  5.370914553590064e-3, 1.0052589676941592, 3.0838856104922208,
];
const DOUBLE_TAIL = [
  -2.7109920616438573e-11, -2.5556418169965252e-10, 1.5076572693500548e-9, -3.789465440126737e-9,
  7.615701208078339e-9, -1.496002662714924e-8, 2.914795345090108e-8, -6.771199775845234e-8,
  2.2900482228026655e-7, -9.9298272942317e-7, 4.526062597223154e-6, -1.968177810553167e-5,
  7.599527703001776e-5, -2.1503011930044477e-4, -1.3871931833623122e-4, 1.0103004648645344, 4.849906401408584,
];

const horner = (coefficients: readonly number[], w: number): number =>
  coefficients.reduce((p, c) => p * w + c, 0);

/** Inverse of erf on [-1, 1]: NaN outside, +-Infinity at the ends. About 3e-7 relative in f32, 3e-15 in f64. */
export const erfinv: (x: Operand) => Tensor = library("random.erfinv", (x: Operand): Tensor => {
  const v = lift(x);
  // -log(1 - x^2), whose square would round away the distance from 1 that f64 has room for
  const w = lift(v.dtype === "f64" ? -(Math.log1p(-v) + Math.log1p(v)) : -Math.log1p(-v * v));
  // limited where the polynomial in it is not taken, because its slope at 0 is infinite
  const root = Math.sqrt(where(w < 5, 5, w));
  const p =
    v.dtype === "f64"
      ? where(
          w < 6.25,
          horner(DOUBLE_CENTRAL, w - 3.125),
          where(w < 16, horner(DOUBLE_MIDDLE, root - 3.25), horner(DOUBLE_TAIL, root - 5)),
        )
      : where(w < 5, horner(SINGLE_CENTRAL, w - 2.5), horner(SINGLE_TAIL, root - 3));
  // v * Infinity would have a slope without a value
  return where(v === 1, Infinity, where(v === -1, -Infinity, p * v));
});
