import { ownPath, ownText } from "./files.ts";
import { sourceDate } from "./pins.ts";
import { defineStep, type Step, type StepContext } from "./step.ts";

/**
 * What a recipe mounts and starts ends with it, however it ends: an interrupted build would otherwise leave this
 * computer's /dev mounted in a folder that the next build removes.
 */
const confined = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** @param options further ones of unshare: what else the recipe has for itself */
export async function runRecipe(
  { run }: Pick<StepContext, "run">,
  recipe: string,
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Promise<void> {
  await run("unshare", [...confined, ...options, "sh", ownPath("recipes", recipe)], { env });
}

/** A step that is a shell script of recipes/: its text and its variables are the key. */
export function recipeStep(
  name: string,
  options: {
    readonly recipe: string;
    /** Further inputs that the recipe reads, as texts. */
    readonly inputs?: unknown;
    readonly needs?: readonly Step[];
    readonly variables?: Readonly<Record<string, string>>;
    /** Variables that name paths of this computer, and are no input. */
    readonly paths?: (
      context: StepContext,
    ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  },
): Step {
  const variables = { ...options.variables, SOURCE_DATE_EPOCH: String(sourceDate) };
  return defineStep(
    name,
    { recipe: ownText("recipes", options.recipe), inputs: options.inputs ?? null, variables },
    options.needs ?? [],
    async (context) => {
      const paths = await options.paths?.(context);
      await runRecipe(context, options.recipe, { ...variables, ...paths, OUT: context.out });
    },
  );
}
