import { test } from "node:test";
import { CoreStage } from "../../src/testing/core-stage.ts";
import { playScenario } from "../../src/testing/scenario-run.ts";
import { settingsOf } from "../../src/testing/scenario-settings.ts";
import { readScenarios, testName } from "./scenario-files.ts";

for (const scenario of readScenarios()) {
  for (const version of scenario.versions) {
    test(testName(scenario, version), () => playScenario(scenario, version, new CoreStage(settingsOf(scenario))));
  }
}
