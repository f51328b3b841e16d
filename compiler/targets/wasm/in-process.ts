/** Compiles in this thread, which loads Binaryen here: for tests and for commands that have nothing to wait for. */
import type { KernelProgram, Profile } from "../../kernel/types.js";
import type { Emitted } from "./module.js";

export const compileInProcess = async (
  program: KernelProgram,
  profile: Profile,
  options: { readonly wat: boolean } = { wat: false },
): Promise<Emitted> => {
  const { emitModule } = await import("./module.js");
  return emitModule(program, profile, options);
};
