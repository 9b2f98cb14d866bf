import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import type { ScenarioSettings } from "../../src/testing/scenario-settings.ts";

/** The broker that the corpus is written for. */
export const corpusSettings: ScenarioSettings = {
  limits: createLimits({ receiveMaximum: 2, topicAliasMaximum: 2, packetBytesMax: 70_000 }),
  capabilities: allCapabilities,
  rules: [],
  accounts: undefined,
  method: { name: "DEMO", challenge: "who", response: "me", success: "welcome" },
  responseInformation: undefined,
};
