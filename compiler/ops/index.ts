/** The table of all ops, exhaustive over the IR's op names: engines look an op up here and never name one. */
import { constantOps } from "./constants.js";
import { contractOps } from "./contract.js";
import { convertOps } from "./convert.js";
import { dynamicOps } from "./dynamic.js";
import { binaryOps } from "./elementwise-binary.js";
import { unaryOps } from "./elementwise-unary.js";
import { indexingOps } from "./indexing.js";
import { movementOps } from "./movement.js";
import type { OpTable } from "./op.js";
import { padOps } from "./pad.js";
import { randomOps } from "./random.js";
import { reduceOps } from "./reduce.js";

export const opTable: OpTable = {
  ...unaryOps,
  ...binaryOps,
  ...convertOps,
  ...randomOps,
  ...constantOps,
  ...movementOps,
  ...padOps,
  ...reduceOps,
  ...indexingOps,
  ...dynamicOps,
  ...contractOps,
};
