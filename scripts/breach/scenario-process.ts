// A process that plays scenarios on the core of a broken copy. It is asked with a directory and files, and answers
// whether all came true.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What is to be played, on whose sources. */
export interface PlayRequest {
  /** Has `src`. */
  readonly directory: string;
  /** Scenarios, absolute. */
  readonly files: readonly string[];
}

process.on("message", ({ directory, files }: PlayRequest) => {
  void play(directory, files).then(
    () => process.send?.(true),
    () => process.send?.(false),
  );
});
process.on("disconnect", () => process.exit(0));

async function play(directory: string, files: readonly string[]): Promise<void> {
  const kit = (name: string): string => pathToFileURL(join(directory, "src/testing", name)).href;
  const { CoreStage }: typeof import("../../src/testing/core-stage.ts") = await import(kit("core-stage.ts"));
  const { parseScenario }: typeof import("../../src/testing/scenario.ts") = await import(kit("scenario.ts"));
  const { playScenario }: typeof import("../../src/testing/scenario-run.ts") = await import(kit("scenario-run.ts"));
  const { settingsOf }: typeof import("../../src/testing/scenario-settings.ts") = await import(
    kit("scenario-settings.ts")
  );
  for (const file of files) {
    const scenario = parseScenario(readFileSync(file, "utf8"), file);
    for (const version of scenario.versions) {
      await playScenario(scenario, version, new CoreStage(settingsOf(scenario)));
    }
  }
}
