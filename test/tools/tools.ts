/** The build tools, each as users run it: from src/NAME.ts of a project to a file that Node runs. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";
import { build as viteBuild } from "vite";
import { type Project, root, runNode } from "./project.js";

/** What to hand to Node to run the built program. */
export type Entry = readonly string[];

export interface Tool {
  /** Why it can't run here; null where it can. */
  readonly unavailable: string | null;
  /** Whether what it builds leads back to the TypeScript files. */
  readonly hasPlaces: boolean;
  /** Builds src/`entry`.ts into a folder named after the tool. */
  readonly build: (project: Project, entry: string) => Promise<Entry>;
}

const always = (build: Tool["build"], hasPlaces = true): Tool => ({ unavailable: null, hasPlaces, build });

const esbuildTool = (out: string, options: esbuild.BuildOptions): Tool => {
  const build: Tool["build"] = async ({ folder }, entry) => {
    const outfile = join(out, `${entry}.mjs`);
    await esbuild.build({
      absWorkingDir: folder,
      entryPoints: [`src/${entry}.ts`],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      logLevel: "error",
      ...options,
    });
    return [outfile];
  };
  return always(build, options.sourcemap !== undefined);
};

/** The compiler itself, as `tsc -p` would be run: files one by one, beside them their maps. */
const tscTool = (out: string, module: "es2022" | "commonjs"): Tool =>
  always(async (project, entry) => {
    project.write(
      `tsconfig.${out}.json`,
      JSON.stringify({
        compilerOptions: {
          target: "es2022",
          module,
          moduleResolution: "bundler",
          rootDir: "src",
          outDir: out,
          sourceMap: true,
          rewriteRelativeImportExtensions: true,
          noCheck: true,
          types: [],
        },
        include: ["src"],
      }),
    );
    const require = createRequire(join(root, "package.json"));
    const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
    await runNode(project, [tsc, "-p", `tsconfig.${out}.json`]);
    project.write(
      `${out}/package.json`,
      JSON.stringify({ type: module === "commonjs" ? "commonjs" : "module" }),
    );
    return [`${out}/${entry}.js`];
  });

/** A production build for Node: minified, in one file, the package left outside, as Vite does by default for servers. */
const viteTool = (out: string): Tool =>
  always(async ({ folder }, entry) => {
    await viteBuild({
      root: folder,
      configFile: false,
      mode: "production",
      logLevel: "error",
      build: {
        ssr: `src/${entry}.ts`,
        outDir: out,
        emptyOutDir: false,
        minify: true,
        sourcemap: true,
        target: "es2022",
      },
    });
    return [`${out}/${entry}.js`];
  });

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const stripsTypes = major > 22 || (major === 22 && minor >= 18);

export const TOOLS = {
  tsx: always(async (_, entry) => ["--import", "tsx", `src/${entry}.ts`]),
  "type stripping": {
    unavailable: stripsTypes ? null : `Node ${process.versions.node} does not run TypeScript by itself`,
    hasPlaces: true,
    build: async (_, entry) => [`src/${entry}.ts`],
  },
  "esbuild minified": esbuildTool("esbuild-minified", { minify: true }),
  "esbuild minified, keepNames": esbuildTool("esbuild-names", {
    minify: true,
    keepNames: true,
    sourcemap: "inline",
  }),
  "tsc to ES2022": tscTool("tsc-es2022", "es2022"),
  "tsc to CommonJS": tscTool("tsc-commonjs", "commonjs"),
  "Vite for production": viteTool("vite"),
} as const satisfies Readonly<Record<string, Tool>>;

export type ToolName = keyof typeof TOOLS;
