/** The programs of test/fixtures/gradients: a project of their own, checked as their authors' would be. */
export interface Program {
  readonly name: string;
  /** Gives one number; differentiated in its first argument. */
  readonly fn: (...args: never[]) => number;
  /** Arguments with which the program makes about `n` steps. */
  readonly args: (n: number) => readonly unknown[];
  /** How the number of operations depends on n, up to a factor; n itself where that is not given. */
  readonly work?: (n: number) => number;
  /** The number of steps that is timed. */
  readonly n: number;
}

export const loadPrograms = async (): Promise<readonly Program[]> => {
  const url = new URL("../fixtures/gradients/programs.ts", import.meta.url);
  const { programs }: { readonly programs: readonly Program[] } = await import(url.href);
  return programs;
};
