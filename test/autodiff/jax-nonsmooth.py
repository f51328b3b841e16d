"""Writes jax-nonsmooth.json, what JAX gives at kinks, ties, ends of domains and for NaN: `python jax-nonsmooth.py` with
jax 0.10 (CPU) installed. Each entry: a name that nonsmooth.test.ts knows, the points, values and slopes there; f64."""
import json
import os

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np

inf, nan = float("inf"), float("nan")
out = {"jax": jax.__version__, "scalar": [], "vector": []}


def text(x):
    """Numbers that JSON lacks, and -0, as text."""
    return [repr(float(v)) for v in np.asarray(x, dtype=np.float64).ravel()]


def scalar(name, f, *points):
    rows = []
    for p in points:
        p = p if isinstance(p, tuple) else (p,)
        args = [jnp.float64(v) for v in p]
        slopes = jax.grad(lambda *a: f(*a), argnums=tuple(range(len(args))))(*args)
        rows.append({"at": text(p), "value": text(f(*args)), "slopes": text([float(s) for s in slopes])})
    out["scalar"].append({"name": name, "rows": rows})


def vector(name, f, *points):
    """Slopes of the sum of the results weighted by 1, 2, ..."""
    rows = []
    for p in points:
        x = jnp.array(p, dtype=jnp.float64)
        y = f(x)
        w = jnp.arange(1.0, y.size + 1).reshape(y.shape)
        g = jax.grad(lambda v: jnp.sum(f(v) * w))(x)
        rows.append({"at": text(p), "value": text(y), "slopes": text(g)})
    out["vector"].append({"name": name, "rows": rows})


scalar("abs", jnp.abs, 0.0, -0.0, -2.0, inf, nan)
scalar("sign", jnp.sign, 0.0, 3.0)
scalar("max", jnp.maximum, (1.0, 1.0), (2.0, 1.0), (nan, 1.0), (0.0, -0.0))
scalar("min", jnp.minimum, (1.0, 1.0), (2.0, 1.0), (nan, 1.0))
scalar("relu", jax.nn.relu, 0.0, -1.0, 1.0)
scalar("clip", lambda x: jnp.clip(x, -1.0, 1.0), -1.0, 1.0, 0.5, 2.0, -3.0)
scalar("sqrt", jnp.sqrt, 0.0, 4.0, -1.0, inf)
scalar("log", jnp.log, 0.0, -1.0, inf)
scalar("log1p", jnp.log1p, -1.0, 0.0)
scalar("reciprocal", lambda x: 1.0 / x, 0.0, inf)
scalar("square", lambda x: x**2, 0.0, -3.0)
scalar("cube", lambda x: x**3, 0.0, -2.0)
scalar("power0", lambda x: x**0, 0.0, 2.0)
scalar("powerHalf", lambda x: jnp.power(x, 0.5), 0.0, 4.0)
scalar("powerMinus1", lambda x: x**-1, 0.0, 2.0, -2.0)
scalar("power", jnp.power, (2.0, 3.0), (0.0, 2.0), (0.0, 0.0), (0.0, 1.0), (-2.0, 2.0), (-2.0, 3.0), (2.0, 0.0), (-2.0, 2.5))
scalar("floor", jnp.floor, 1.0, 1.5)
scalar("ceil", jnp.ceil, 1.0, 1.5)
scalar("trunc", jnp.trunc, 0.0, -1.5)
scalar("max3", lambda x, y, z: jnp.maximum(jnp.maximum(x, y), z), (1.0, 1.0, 1.0), (1.0, 2.0, 2.0), (3.0, 2.0, 3.0))
scalar("min3", lambda x, y, z: jnp.minimum(jnp.minimum(x, y), z), (1.0, 1.0, 1.0), (1.0, 1.0, 2.0))
scalar("hypot", jnp.hypot, (0.0, 0.0), (3.0, 0.0), (3.0, 4.0))
scalar("branch", lambda x: jax.lax.cond(x > 0, lambda: x, lambda: -x), 0.0, 1.0, -1.0)
scalar("guarded", lambda x: jax.lax.cond(x > 0, lambda: jnp.sqrt(x), lambda: 0.0), 0.0, -1.0, 4.0)
scalar("remainder", lambda x, y: jax.lax.rem(x, y), (5.5, 2.0), (-5.5, 2.0), (4.0, 2.0))
scalar("atan2", jnp.arctan2, (0.0, 0.0), (1.0, 0.0), (0.0, -1.0))
scalar("asin", jnp.arcsin, 1.0, 0.0)
scalar("acos", jnp.arccos, -1.0, 0.0)
scalar("atanh", jnp.arctanh, 1.0)
scalar("tanh", jnp.tanh, 0.0, 400.0)
scalar("exp", jnp.exp, -inf, 0.0)
scalar("cbrt", jnp.cbrt, 0.0, -8.0)
scalar("whereNaN", lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), 4.0, 0.0, -1.0)
scalar("whereSafe", lambda x: jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0), 4.0, 0.0, -1.0)
scalar("xlogx", lambda x: jnp.where(x == 0, 0.0, x * jnp.log(x)), 0.0, 1.0)

vector("maxOf", jnp.max, [1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [1.0, nan, 2.0])
vector("minOf", jnp.min, [1.0, 3.0, 1.0])
vector("rowMax", lambda x: jnp.max(x.reshape(2, 2), axis=1), [1.0, 1.0, 3.0, 2.0])
vector("sorted", jnp.sort, [3.0, 1.0, 2.0], [2.0, 1.0, 2.0])
vector("timesArgmax", lambda x: jnp.sum(x) * jnp.argmax(x), [1.0, 3.0, 3.0])
vector("prodOf", jnp.prod, [2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [2.0, 3.0, 4.0])
vector("norm", jnp.linalg.norm, [0.0, 0.0], [3.0, 4.0])
vector("sumSquares", lambda x: jnp.sum(x * x), [0.0, 0.0])
vector("std", jnp.std, [1.0, 1.0], [1.0, 3.0])
vector("logsumexp", jax.nn.logsumexp, [-inf, 0.0], [1000.0, 1000.0], [-inf, -inf])
vector("softmax", jax.nn.softmax, [1000.0, 0.0], [0.0, 0.0])
vector("logSoftmax", jax.nn.log_softmax, [1000.0, 0.0])
vector("cumsum", jnp.cumsum, [1.0, 2.0, 3.0])
vector("gatherTwice", lambda x: x[jnp.array([0, 0, 2])], [1.0, 2.0, 3.0])
vector("clipAll", lambda x: jnp.clip(x, 0.0, 1.0), [0.0, 1.0, 0.5, -1.0])

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "jax-nonsmooth.json"), "w") as f:
    json.dump(out, f, indent=1)
    f.write("\n")
