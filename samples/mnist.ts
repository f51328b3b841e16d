/**
 * Trains a 784-128-10 network on real handwritten digits: `npx tsc-jit run samples/mnist.ts`.
 *
 * One step (loss, its gradient, Adam's update) is one jitted function, and so one call into WebAssembly.
 */
import cliProgress from "cli-progress";
import { type AdamState, jit, nn, np, optim, random, type Tensor, tensor, valueAndGrad } from "tsc-jit";
import { type Digits, loadDigits, moved, PIXELS, pick, shuffled } from "./data/digits.js";

const HIDDEN = 128;
const CLASSES = 10;
const BATCH = 128;
const TRAINING = 8000;
const EPOCHS = 30;
const STEPS = EPOCHS * Math.floor(TRAINING / BATCH);

interface Layer {
  readonly w: Tensor;
  readonly b: Tensor;
}
interface Params {
  readonly hidden: Layer;
  readonly out: Layer;
}

const dense = (x: number, layer: Layer) => np.dot(x, layer.w) + layer.b;

const network = (params: Params, x: Tensor) => dense(nn.relu(dense(x, params.hidden)), params.out);

/** Mean softmax cross-entropy, written out: log(sum(exp(z))) - z[label]. */
const loss = (params: Params, x: Tensor, labels: Tensor) => {
  const logits = network(params, x);
  const z = logits - np.max(logits, 1, { keepdims: true });
  const wanted = np.sum(z * nn.oneHot(labels, CLASSES), 1);
  return np.mean(Math.log(np.sum(Math.exp(z), 1)) - wanted);
};

/** Weights of variance 1 / fan-in, biases 0. */
const layer = (key: Tensor, inputs: number, outputs: number): Layer => ({
  w: np.multiply(random.normal(key, [inputs, outputs]), Math.sqrt(1 / inputs)),
  b: np.zeros([outputs]),
});
const initial = jit((seed: number): Params => {
  const [a, b] = random.split(random.key(seed));
  return { hidden: layer(a, PIXELS, HIDDEN), out: layer(b, HIDDEN, CLASSES) };
});

/** The learning rate falls to zero over the training. */
const adam = optim.adam((t) => 4e-3 * (1 - t / STEPS), { weightDecay: 0.02 });

export const step = jit((params: Params, state: AdamState, x: Tensor, labels: Tensor) => {
  const [value, grads] = valueAndGrad(loss)(params, x, labels);
  const { updates, state: next } = adam.update(grads, state, params);
  return { loss: value, params: optim.applyUpdates(params, updates), state: next };
});

const predict = jit((params: Params, x: Tensor) => np.argmax(network(params, x), 1));

interface Progress {
  readonly update: (steps: number, epoch: number, loss: number, accuracy: number, rate: number) => void;
  readonly stop: () => void;
}

const show = (epoch: number, value: number, accuracy: number, rate: number): string =>
  `epoch ${epoch}/${EPOCHS}  loss ${value.toFixed(4)}  accuracy ${(accuracy * 100).toFixed(2)} %  ${rate.toFixed(0)} steps/s`;

/** A bar on a terminal, a line per epoch elsewhere. */
const createProgress = (total: number, perEpoch: number): Progress => {
  if (process.stdout.isTTY !== true)
    return {
      update: (steps, epoch, value, accuracy, rate) => {
        if (steps % perEpoch === 0) console.log(show(epoch, value, accuracy, rate));
      },
      stop: () => {},
    };
  const bar = new cliProgress.SingleBar(
    { format: "{bar} {percentage} % | {text}", hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0, { text: "compiling" });
  return {
    update: (steps, epoch, value, accuracy, rate) =>
      bar.update(steps, { text: show(epoch, value, accuracy, rate) }),
    stop: () => bar.stop(),
  };
};

const shape = (set: Digits): readonly [number, number] => [set.count, PIXELS];
const batchOf = (set: Digits): readonly [Tensor, Tensor] => [
  tensor(set.images, { shape: shape(set) }),
  tensor(set.labels),
];

/** Share of digits whose most probable class is the label, in all and per digit. */
const evaluate = (params: Params, test: Digits): { accuracy: number; perDigit: readonly number[] } => {
  const [x] = batchOf(test);
  const guesses = predict(params, x).data;
  const seen = new Array<number>(CLASSES).fill(0);
  const right = new Array<number>(CLASSES).fill(0);
  test.labels.forEach((label, k) => {
    seen[label] = (seen[label] ?? 0) + 1;
    if (guesses[k] === label) right[label] = (right[label] ?? 0) + 1;
  });
  const total = right.reduce((a, b) => a + b, 0);
  return { accuracy: total / test.count, perDigit: right.map((r, d) => r / (seen[d] ?? 1)) };
};

const { training, test } = loadDigits(TRAINING, 2000);
const perEpoch = Math.floor(training.count / BATCH);
const progress = createProgress(STEPS, perEpoch);
const begin = performance.now();

let params: Params = initial(0);
let state = adam.init(params);
let result = { accuracy: 0, perDigit: [] as readonly number[] };
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  const order = shuffled(training.count, epoch);
  const digits = moved(training, 2, epoch);
  for (let k = 1; k <= perEpoch; k++) {
    const [x, y] = batchOf(pick(digits, order, (k - 1) * BATCH, k * BATCH));
    const out = step(params, state, x, y);
    ({ params, state } = out);
    if (k === perEpoch) result = evaluate(params, test);
    const done = (epoch - 1) * perEpoch + k;
    const seconds = (performance.now() - begin) / 1000;
    progress.update(done, epoch, out.loss.item(), result.accuracy, done / seconds);
  }
}
progress.stop();

console.log(`\ntest accuracy ${(result.accuracy * 100).toFixed(2)} % after ${EPOCHS} epochs`);
for (const [digit, share] of result.perDigit.entries())
  console.log(`  digit ${digit}  ${(share * 100).toFixed(1)} %`);
