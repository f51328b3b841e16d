/** Chooses tiles and blocks of a matrix product: a pure function of its shape, strides and the engine's SIMD. */
import type { MatmulKernel, Profile } from "./types.js";

/**
 * C in register tiles of `rows` x (`vectors` * `lanes`), over blocks: `blockN` columns of B are packed for `blockK` of the contraction
 * at a time (a panel of one tile's width stays in the first-level cache), and `blockM` rows of A are used against them
 * (they stay in the second level). All sizes in elements.
 */
export interface MatmulPlan {
  readonly lanes: 2 | 4;
  readonly rows: number;
  readonly vectors: number;
  readonly unrollK: number;
  readonly blockM: number;
  readonly blockN: number;
  readonly blockK: number;
  readonly packLhs: boolean;
  readonly packRhs: boolean;
  /** Bytes of the packed blocks, of partial products where the contraction is split, and of one tile. */
  readonly scratch: {
    readonly rhs: number;
    readonly lhs: number;
    readonly partial: number;
    readonly tile: number;
  };
}

/** Registers that hold a tile: V8 11 spills above 8; newer ones fill 12 of 16, leaving A, B and a spare. */
const ACCUMULATORS: Readonly<Record<Profile, number>> = { base: 8, fma: 12, wide: 12 };
const ROWS: Readonly<Record<Profile, number>> = { base: 4, fma: 6, wide: 6 };
const UNROLL_K: Readonly<Record<Profile, number>> = { base: 1, fma: 4, wide: 4 };

/** A tile's panels of A and B should fit the first-level cache together. */
const PANEL_BYTES = 48 << 10;
const BLOCK_K = 512;
const BLOCK_M = 240;
/** Packed B should fit in half of a second-level cache of 2 MB. */
const RHS_BYTES = 1 << 20;

const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);
const roundUp = (a: number, b: number): number => ceilDiv(a, b) * b;

/** Near-equal blocks of at most `limit`. */
const evenBlock = (n: number, limit: number, multiple: number): number =>
  n <= limit ? n : roundUp(ceilDiv(n, ceilDiv(n, limit)), multiple);

export const planMatmul = (kernel: MatmulKernel, profile: Profile): MatmulPlan => {
  const { m, n, k, lhs, rhs } = kernel;
  const size = kernel.dtype === "f64" ? 8 : 4;
  const lanes = size === 8 ? 2 : 4;
  const maxRows = ROWS[profile];
  // few rows are spread evenly over the tiles, and leave registers for wider ones
  const rows = m <= 4 * maxRows ? ceilDiv(m, ceilDiv(m, maxRows)) : maxRows;
  const vectors = Math.max(1, Math.min(Math.floor(ACCUMULATORS[profile] / rows), ceilDiv(n, lanes), 8));
  const width = vectors * lanes;
  const unsplit = Math.max(BLOCK_K, Math.floor(PANEL_BYTES / (size * (rows + width))));
  const blockK = Math.max(1, evenBlock(k, k <= unsplit ? unsplit : BLOCK_K, 4));
  const blockM = evenBlock(m, roundUp(BLOCK_M, rows), rows);
  const columns = Math.max(width, Math.floor(RHS_BYTES / (blockK * size) / width) * width);
  const blockN = evenBlock(n, columns, width);
  // packing reads and writes each element once: it pays where the element is then used by several tiles
  const packRhs = rhs.colStride !== 1 || m > 3 * rows;
  const packLhs = n > 4 * width && (lhs.colStride !== 1 ? m > 1 : k >= 1024);
  const padded = roundUp(blockN, lanes);
  const tile = rows * width * size;
  return {
    lanes,
    rows,
    vectors,
    unrollK: UNROLL_K[profile],
    blockM,
    blockN,
    blockK,
    packLhs,
    packRhs,
    scratch: {
      rhs: packRhs ? roundUp(blockK * padded * size, 16) : 0,
      lhs: packLhs ? roundUp(blockK * blockM * size, 16) : 0,
      partial: blockK < k ? ceilDiv(m, rows) * ceilDiv(blockN, width) * tile : 0,
      tile,
    },
  };
};

/** Bytes of scratch one product needs. */
export const matmulScratch = (plan: MatmulPlan): number =>
  plan.scratch.rhs + plan.scratch.lhs + plan.scratch.partial + plan.scratch.tile;
