/** The table of all ops, exhaustive over the IR's op names: engines look an op up here and never name one. */
import { assertOps } from "./assert.js";
import { constantOps } from "./constants.js";
import { contractOps } from "./contract.js";
import { checkpoint } from "./control/checkpoint.js";
import { custom, fromTranspose } from "./control/custom.js";
import { forLoop } from "./control/for.js";
import { ifElse } from "./control/if.js";
import type { ControlTable } from "./control/record.js";
import { whileLoop } from "./control/while.js";
import { convertOps } from "./convert.js";
import { dynamicOps } from "./dynamic.js";
import { binaryOps } from "./elementwise-binary.js";
import { unaryOps } from "./elementwise-unary.js";
import { indexingOps } from "./indexing.js";
import { movementOps } from "./movement.js";
import { namingOps } from "./naming.js";
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
  ...assertOps,
  ...namingOps,
};

/** The table of the ops with regions. */
export const controlTable: ControlTable = {
  if: ifElse,
  while: whileLoop,
  for: forLoop,
  custom,
  fromTranspose,
  checkpoint,
};
