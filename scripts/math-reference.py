"""Writes test/math/f64-reference.json: exact values of f64 functions, by mpmath (pip install mpmath).

python3 scripts/math-reference.py [POINTS [FILE]]: about POINTS operands per function (120), to FILE. Per function, rows of hex
digits: the bits of the operands, the bits of the correctly rounded result, and 4 digits: the exact value less the rounded
one in ulp, times 65536, as a signed 16-bit integer. The operands are the same at every run.
"""

import json
import random
import struct
import sys

from mpmath import mp, mpf, inf, isinf, isnan, nint
import mpmath

mp.prec = 420


def bits(x):
    return struct.pack(">d", x).hex()


def of_bits(n):
    return struct.unpack(">d", struct.pack(">Q", n))[0]


def rounded(v):
    """The double nearest to v, and what is left in ulp."""
    if isinf(v):
        return float(v), 0
    if v == 0:
        return 0.0, 0
    exponent = max(int(mpmath.floor(mpmath.log(abs(v), 2))), -1022)
    while abs(v) >= mpf(2) ** (exponent + 1):
        exponent += 1
    while exponent > -1022 and abs(v) < mpf(2) ** exponent:
        exponent -= 1
    unit = mpf(2) ** (exponent - 52)
    n = nint(v / unit)
    result = n * unit
    if abs(result) >= mpf(2) ** 1024:
        return float("inf") if v > 0 else float("-inf"), 0
    x = float(result) if abs(result) >= mpf(2) ** -1022 else int(n) * 5e-324
    if v < 0 and x == 0:
        x = -0.0
    return x, int(nint((v / unit - n) * 65536))


def spread(rng, low, high, signs=(1,)):
    """Magnitudes spread evenly over exponents."""
    return lambda: rng.choice(signs) * of_bits(
        (rng.randint(1023 + low, 1022 + high) << 52) | rng.getrandbits(52)
    ) if low > -1022 else rng.choice(signs) * rng.getrandbits(52) * 5e-324


def uniform(rng, a, b):
    return lambda: rng.uniform(a, b)


def near(rng, points, reach):
    """Close to given points, at every distance."""
    return lambda: (lambda p: p + rng.choice((-1, 1)) * reach * 2.0 ** -rng.uniform(0, 50))(rng.choice(points))


def steps(rng, points):
    """A few doubles away from given points."""
    def draw():
        x = rng.choice(points)
        for _ in range(rng.randint(0, 3)):
            x = mpmath.mpf(x) and float(__import__("math").nextafter(x, rng.choice((-1e308, 1e308))))
        return x
    return draw


def functions(rng):
    both = (1, -1)
    s = lambda low, high, signs=(1,): spread(rng, low, high, signs)
    u = lambda a, b: uniform(rng, a, b)
    n = lambda points, reach: near(rng, points, reach)
    quarter = [k * 1.5707963267948966 for k in range(-40, 41)]
    trig = [u(-10, 10), s(-1000, 1023, both), s(-30, 30, both), n(quarter, 0.1), s(20, 30, both), s(-1022, 0, both)]
    roots = [-2.4570247382208006, -2.7476826467274127, -3.143580888349980, -3.955294284858598, -4.039361839740536]
    return {
        "exp": ([u(-745.1, 709.7), u(-2, 2), s(-60, 6, both), u(-745.2, -708)], mpmath.exp),
        "exp2": ([u(-1074, 1024), u(-2, 2), s(-60, 6, both), u(-1075, -1022)], lambda x: mpf(2) ** x),
        "expm1": ([u(-45, 709.7), u(-2, 2), s(-1000, 0, both), n([0.34657359, -0.34657359], 0.1)], mpmath.expm1),
        "sinh": ([u(-710.4, 710.4), u(-2, 2), s(-500, 0, both)], mpmath.sinh),
        "cosh": ([u(-710.4, 710.4), u(-2, 2), s(-40, 0, both)], mpmath.cosh),
        "tanh": ([u(-20, 20), u(-1, 1), s(-500, 2, both)], mpmath.tanh),
        "log": ([s(-1021, 1023), u(0.5, 2), n([1.0], 0.5), spread(rng, -1022, 0)], mpmath.log),
        "log2": ([s(-1021, 1023), u(0.5, 2), n([1.0], 0.5), spread(rng, -1022, 0)], lambda x: mpmath.log(x, 2)),
        "log10": ([s(-1021, 1023), u(0.5, 2), n([1.0], 0.5), spread(rng, -1022, 0)], mpmath.log10),
        "log1p": ([s(-1000, 1023), u(-0.999, 2), s(-60, 0, both), n([-1.0], 0.5)], mpmath.log1p),
        "sin": (trig, mpmath.sin),
        "cos": (trig, mpmath.cos),
        "tan": (trig, mpmath.tan),
        "asin": ([u(-1, 1), s(-500, 0, both), n([0.5, -0.5], 0.1)], mpmath.asin),
        "acos": ([u(-1, 1), s(-60, 0, both), n([0.5, -0.5], 0.1)], mpmath.acos),
        "atan": ([u(-8, 8), s(-500, 500, both), n([1.0, -1.0], 0.5)], mpmath.atan),
        "asinh": ([u(-8, 8), s(-500, 1023, both), n([1.0, -1.0], 0.5)], mpmath.asinh),
        "acosh": ([u(1, 8), s(0, 1023), n([1.0], 0.5)], mpmath.acosh),
        "atanh": ([u(-1, 1), s(-500, 0, both), n([0.5, 1.0, -1.0], 0.4)], mpmath.atanh),
        "cbrt": ([s(-1021, 1023, both), spread(rng, -1022, 0, both), u(-8, 8)], lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x))),
        "erf": ([u(-6, 6), s(-1000, 3, both), n([1.0, -1.0], 0.5)], mpmath.erf),
        "erfc": ([u(-6, 6), u(0, 27.2), s(-50, 3, both), n([0.375], 0.2), u(26.5, 27.2)], mpmath.erfc),
        "ndtr": ([u(-8, 8), u(-38.4, 0), s(-50, 3, both), n([0.5625, -0.5625], 0.3), u(-38.4, -37.5)],
                 lambda x: mpmath.erfc(-x / mpmath.sqrt(mpf(2))) / 2),
        "gelu": ([u(-8, 8), u(-38.6, 0), s(-1000, 3, both), n([0.5625, -0.5625], 0.3), u(-38.6, -37.5)],
                 lambda x: x * mpmath.erfc(-x / mpmath.sqrt(mpf(2))) / 2),
        "sigmoid": ([u(-40, 40), u(-745, 0), s(-50, 3, both), u(-4, 4), u(-745.1, -708)],
                    lambda x: 1 / (1 + mpmath.exp(-x))),
        "lgamma": ([u(0, 10), s(-1000, 1014), n([1.0, 2.0], 0.5), u(2, 100), n([3.5], 0.1), u(-0.5, 0), s(-1000, -1, (-1,)),
                    u(-30, -0.5), n(roots, 0.1)],
                   lambda x: mpmath.log(abs(mpmath.gamma(x))) if abs(x) < 1000 else mpmath.loggamma(x)),
        "pow": ([], None),
        "atan2": ([], None),
    }


def pow_operands(rng):
    kind = rng.randrange(4)
    if kind == 0:
        x = spread(rng, -1000, 1000)()
        return x, rng.uniform(-1074, 1023) / float(mpmath.log(x, 2))
    if kind == 1:
        x = 1 + rng.choice((-1, 1)) * 2.0 ** -rng.uniform(1, 50)
        return x, rng.uniform(-1074, 1023) / float(mpmath.log(x, 2))
    if kind == 2:
        return rng.uniform(0, 4), rng.uniform(-20, 20)
    return -rng.uniform(0, 40), float(rng.randint(-40, 40))


def atan2_operands(rng):
    kind = rng.randrange(3)
    if kind == 0:
        return rng.uniform(-8, 8), rng.uniform(-8, 8)
    draw = spread(rng, -40 if kind == 1 else -400, 40 if kind == 1 else 400, (1, -1))
    return draw(), draw()


def exact_value(name, f, operands):
    if name == "pow":
        return mpf(operands[0]) ** mpf(operands[1])
    if name == "atan2":
        return mpmath.atan2(mpf(operands[0]), mpf(operands[1]))
    return f(mpf(operands[0]))


def rows(name, draws, f, points):
    rng = random.Random("operands of " + name)
    table = functions(rng)[name][0]
    out = []
    k = 0
    while len(out) < points:
        if name == "pow":
            operands = pow_operands(rng)
        elif name == "atan2":
            operands = atan2_operands(rng)
        else:
            operands = (table[k % len(table)](),)
        k += 1
        if any(x != x or abs(x) == float("inf") for x in operands):
            continue
        if f is not None and name in ("asin", "acos", "atanh") and abs(operands[0]) >= 1:
            continue
        if name in ("log", "log2", "log10", "lgamma") and (operands[0] == 0 or (operands[0] < 0 and operands[0] == int(operands[0]))):
            continue
        if (name == "acosh" and operands[0] < 1) or (name == "log1p" and operands[0] <= -1):
            continue
        v = exact_value(name, f, operands)
        if isnan(v):
            continue
        result, left = rounded(mpf(v))
        out.append("".join(bits(x) for x in operands) + bits(result) + struct.pack(">h", max(-32768, min(32767, left))).hex())
    return out


def main():
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    path = sys.argv[2] if len(sys.argv) > 2 else "test/math/f64-reference.json"
    table = functions(random.Random(0))
    values = {name: rows(name, draws, f, points) for name, (draws, f) in table.items()}
    about = "Exact values of f64 functions; written by scripts/math-reference.py, which says how they are coded."
    with open(path, "w") as out:
        json.dump({"about": about, "values": values}, out, indent=1)
        out.write("\n")


main()
