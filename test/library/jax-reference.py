"""Writes jax-reference.json, the published behaviour that the library is compared with: `python jax-reference.py`
with jax 0.10 (CPU) installed. Values are f64 unless the name says otherwise."""
import json
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np

out = {"jax": jax.__version__, "random": {}, "functions": []}
f32 = jnp.float32


def flat(x):
    return np.asarray(x).ravel().tolist()


# x64 makes bits, splits and f32 draws no different; seeds are below 2^32
for seed in [0, 1, 42, 4294967295]:
    k = jax.random.key(seed)
    data = jax.random.key_data
    out["random"][str(seed)] = {
        "key": flat(data(k)),
        "bits": flat(jax.random.bits(k, (3, 5), "uint32")),
        "split": flat(data(jax.random.split(k, 4))),
        "foldIn": flat(data(jax.random.fold_in(k, 7))),
        "uniform": flat(jax.random.uniform(k, (9,), f32)),
        "uniformRange": flat(jax.random.uniform(k, (9,), f32, -3.0, 5.0)),
        "uniform64": flat(jax.random.uniform(k, (5,), jnp.float64)),
        "normal": flat(jax.random.normal(k, (64,), f32)),
        "normal64": flat(jax.random.normal(k, (16,), jnp.float64)),
        "randint": flat(jax.random.randint(k, (17,), -3, 1000, jnp.int32)),
        "bernoulli": [int(b) for b in flat(jax.random.bernoulli(k, np.float32(0.3), (40,)))],
    }

rng = np.random.default_rng(7)
M = rng.standard_normal((3, 4))
V = np.array([-30.0, -2.0, -0.5, -0.0, 0.0, 0.3, 1.0, 4.0, 40.0])
P = np.abs(V) + 0.25
Q = rng.standard_normal((4, 5))
T = rng.standard_normal((2, 3, 4))
U = rng.standard_normal((2, 4, 5))


def add(name, f, *xs):
    """The value, and the gradient of sum(f * weights) by every operand, weights 1, 2, ..."""
    y = f(*xs)
    w = np.arange(1.0, y.size + 1).reshape(y.shape)
    gs = jax.grad(lambda *a: jnp.sum(f(*a) * w), argnums=tuple(range(len(xs))))(*xs)
    out["functions"].append(
        {
            "name": name,
            "args": [np.asarray(x).tolist() for x in xs],
            "shape": list(y.shape),
            "value": flat(y),
            "grads": [flat(g) for g in gs],
        }
    )


nn = jax.nn
for name, f in {
    "relu": nn.relu, "leakyRelu": nn.leaky_relu, "elu": nn.elu, "sigmoid": nn.sigmoid, "softplus": nn.softplus,
    "logSigmoid": nn.log_sigmoid, "silu": nn.silu, "gelu": nn.gelu,
    "abs": jnp.abs, "exp": lambda v: jnp.exp(v / 8), "square": jnp.square, "tanh": jnp.tanh, "sin": jnp.sin,
    "cumsum": jnp.cumsum, "clip": lambda v: jnp.clip(v, -1.0, 1.0), "flip": jnp.flip, "roll": lambda v: jnp.roll(v, 2),
    "max": jnp.max, "min": jnp.min, "sum": jnp.sum, "mean": jnp.mean, "var": jnp.var, "std": jnp.std,
    "norm": jnp.linalg.norm, "logsumexpAll": nn.logsumexp, "tile": lambda v: jnp.tile(v, (2, 3)),
    "take": lambda v: jnp.take(v, np.array([[0, -1], [3, 3]])), "pad": lambda v: jnp.pad(v, 2, constant_values=1.5),
}.items():
    add(name, f, V)
for name, f in {"log": jnp.log, "sqrt": jnp.sqrt, "reciprocal": jnp.reciprocal, "prod": jnp.prod, "log1p": jnp.log1p, "cbrt": jnp.cbrt}.items():
    add(name, f, P)
for name, f in {
    "softmax": nn.softmax, "logSoftmax": nn.log_softmax, "softmax0": lambda m: nn.softmax(m, 0),
    "logsumexp1": lambda m: nn.logsumexp(m, 1, keepdims=True), "transpose": jnp.transpose,
    "prod0": lambda m: jnp.prod(m, 0), "var1": lambda m: jnp.var(m, 1, ddof=1), "tril": jnp.tril, "triu": lambda m: jnp.triu(m, 1),
    "standardize": lambda m: nn.standardize(m, axis=-1, epsilon=1e-5), "max1": lambda m: jnp.max(m, 1),
    "split": lambda m: jnp.split(m, 2, 1)[1], "swapaxes": lambda m: jnp.swapaxes(m, 0, 1),
}.items():
    add(name, f, M)
for name, f, a, b in [
    ("dot", jnp.dot, M, Q), ("matmul", jnp.matmul, T, U), ("matmulBroadcast", jnp.matmul, M, U), ("outer", jnp.outer, V, P),
    ("inner", jnp.inner, M, Q.T), ("tensordot", lambda a, b: jnp.tensordot(a, b, ((2, 0), (1, 0))), T, U),
    ("einsum", lambda a, b: jnp.einsum("bij,bjk->kb", a, b), T, U), ("power", jnp.power, P, V / 8), ("arctan2", jnp.arctan2, V, P),
    ("maximum", jnp.maximum, V, -V), ("hypot", jnp.hypot, V, P), ("mod", jnp.mod, V, -P), ("concatenate", lambda a, b: jnp.concatenate([a, b]), V, P),
    ("stack", lambda a, b: jnp.stack([a, b], 1), V, P), ("where", lambda a, b: jnp.where(a > 0, a, b), V, P), ("matvec", jnp.matmul, T, P[:4]),
]:
    add(name, f, a, b)

with open("jax-reference.json", "w") as file:
    json.dump(out, file, separators=(",", ":"))
    file.write("\n")
