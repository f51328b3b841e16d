/** One training step of a 784-256-128-10 network on a batch of 128: softmax cross-entropy, its gradient, gradient descent. */
import { jit, nn, np, type Tensor, tensor, valueAndGrad } from "tsc-jit";
import { type Case, type Contender, noise } from "./harness.js";
import { gpuStep } from "./mlp-gpu.js";
import { plainStep } from "./mlp-plain.js";
import { type JaxArray, loadGpu, loadJax, loadTf, type TfTensor } from "./rivals.js";

export const SIZES = [784, 256, 128, 10] as const;
export const BATCH = 128;
export const RATE = 0.01;

export interface Start {
  readonly weights: readonly Float32Array[];
  readonly x: Float32Array;
  /** One-hot labels, [BATCH, 10]. */
  readonly labels: Float32Array;
}

const shapeOf = (layer: number): readonly [number, number] => [SIZES[layer] ?? 0, SIZES[layer + 1] ?? 0];
const start = (): Start => {
  const labels = new Float32Array(BATCH * 10);
  for (let i = 0; i < BATCH; i++) labels[i * 10 + ((i * 7) % 10)] = 1;
  const weights = [0, 1, 2].map((l) => {
    const [rows, cols] = shapeOf(l);
    return noise(rows * cols, l + 1).map((v) => v * Math.sqrt(1 / rows));
  });
  return { weights, x: noise(BATCH * 784, 9).map(Math.abs), labels };
};

interface Layer {
  readonly w: Tensor;
  readonly b: Tensor;
}
const loss = (layers: readonly Layer[], x: Tensor, labels: Tensor) => {
  let h: number = x;
  layers.forEach((layer, k) => {
    const z = np.dot(h, layer.w) + layer.b;
    h = k < layers.length - 1 ? nn.relu(z) : z;
  });
  return -np.sum(nn.logSoftmax(h) * labels) / BATCH;
};

const ours = (s: Start): Contender => {
  const step = jit((layers: readonly Layer[], x: Tensor, labels: Tensor) => {
    const [value, grads] = valueAndGrad(loss)(layers, x, labels);
    return {
      value,
      layers: layers.map((l, k) => ({
        w: l.w - RATE * (grads[k]?.w ?? 0),
        b: l.b - RATE * (grads[k]?.b ?? 0),
      })),
    };
  });
  const x = tensor(s.x, { shape: [BATCH, 784] });
  const labels = tensor(s.labels, { shape: [BATCH, 10] });
  const fresh = (): readonly Layer[] =>
    s.weights.map((w, l) => ({ w: tensor(w, { shape: shapeOf(l) }), b: np.zeros([shapeOf(l)[1]]) }));
  let layers = fresh();
  const once = (): number => {
    const out = step(layers, x, labels);
    layers = out.layers as readonly Layer[];
    return out.value.item();
  };
  return {
    name: "tsc-jit",
    run: () => void once(),
    result: () => {
      layers = fresh();
      for (let k = 0; k < 9; k++) once();
      return once();
    },
  };
};

type JaxLayer = { readonly w: JaxArray; readonly b: JaxArray };
const theirs = async (s: Start): Promise<Contender> => {
  const jax = await loadJax();
  const { numpy: jnp, nn: jnn } = jax;
  const objective = (layers: readonly JaxLayer[], x: JaxArray, labels: JaxArray): JaxArray => {
    let h = x;
    layers.forEach((layer, k) => {
      const z = jnp.dot(h, layer.w).add(layer.b);
      h = k < 2 ? jnn.relu(z) : z;
    });
    return jnp.sum(jnn.logSoftmax(h).mul(labels)).mul(-1 / BATCH);
  };
  const step = jax.jit((layers: readonly JaxLayer[], x: JaxArray, labels: JaxArray) => {
    const [value, grads] = jax.valueAndGrad(objective)(jax.tree.ref(layers), x, labels);
    const next = layers.map((l, k): JaxLayer => {
      const g = grads[k];
      if (g === undefined) throw new Error("a gradient per layer");
      return { w: l.w.sub(g.w.mul(RATE)), b: l.b.sub(g.b.mul(RATE)) };
    });
    return { value, layers: next };
  });
  const x = jnp.array(s.x).reshape([BATCH, 784]);
  const labels = jnp.array(s.labels).reshape([BATCH, 10]);
  const fresh = (): readonly JaxLayer[] =>
    s.weights.map((w, l) => ({
      w: jnp.array(w).reshape(shapeOf(l)),
      b: jnp.array(new Float32Array(shapeOf(l)[1])),
    }));
  let layers = fresh();
  const once = (): number => {
    const out = step(layers, x.ref, labels.ref);
    layers = out.layers;
    return out.value.dataSync()[0] ?? Number.NaN;
  };
  return {
    name: "jax-js (wasm)",
    run: () => void once(),
    result: () => {
      layers = fresh();
      for (let k = 0; k < 9; k++) once();
      return once();
    },
  };
};

const tensorflow = async (s: Start): Promise<Contender> => {
  const tf = await loadTf();
  const x = tf.tensor(s.x, [BATCH, 784]);
  const labels = tf.tensor(s.labels, [BATCH, 10]);
  const train = (layers: readonly (readonly [TfTensor, TfTensor])[]) => {
    const optimizer = tf.train.sgd(RATE);
    return (): number => {
      const cost = optimizer.minimize(() => {
        let h = x;
        layers.forEach(([w, b], k) => {
          const z = tf.matMul(h, w).add(b);
          h = k < 2 ? z.relu() : z;
        });
        return tf
          .logSoftmax(h)
          .mul(labels)
          .sum()
          .mul(-1 / BATCH);
      }, true);
      const value = cost.dataSync()[0] ?? Number.NaN;
      cost.dispose();
      return value;
    };
  };
  const fresh = () =>
    train(
      s.weights.map((w, l) => {
        const bias = new Float32Array(shapeOf(l)[1]);
        return [tf.variable(tf.tensor(w, shapeOf(l))), tf.variable(tf.tensor(bias, [bias.length]))] as const;
      }),
    );
  let once = fresh();
  return {
    name: "tfjs (wasm)",
    run: () => void once(),
    result: () => {
      once = fresh();
      for (let k = 0; k < 9; k++) once();
      return once();
    },
  };
};

/** A contender from a factory of steps that each give the loss. */
const byHand = (name: string, fresh: () => () => number): Contender => {
  let once = fresh();
  return {
    name,
    run: () => void once(),
    result: () => {
      once = fresh();
      for (let k = 0; k < 9; k++) once();
      return once();
    },
  };
};

export const mlp = async (): Promise<readonly Case[]> => {
  const s = start();
  const flop = 2 * BATCH * (784 * 256 * 2 + 256 * 128 * 3 + 128 * 10 * 3); // no gradient by the images
  return [
    {
      name: "training step 784-256-128-10, batch 128",
      gflop: flop / 1e9,
      tolerance: 1e-3, // the loss after ten steps in single precision
      contenders: [
        ours(s),
        await theirs(s),
        await tensorflow(s),
        byHand("gpu.js (webasm), by hand", () => gpuStep(loadGpu(), s)),
        byHand("plain JavaScript, by hand", () => plainStep(s)),
      ],
    },
  ];
};
