import type { Command } from "./command.ts";
import { jsonFlag, pageFlags, placeFlags } from "./state-flags.ts";

export const refusalsCommand: Command = {
  name: "refusals",
  summary: "the last messages, subscriptions, connections and wills that were refused, and by which rule",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [
    { name: "follow", summary: "go on with those that come, until Ctrl-C" },
    jsonFlag,
    ...pageFlags,
    ...placeFlags,
  ],
  examples: [
    { summary: "Why does nothing arrive?", line: "petstore-mqtt refusals" },
    {
      summary: "What a contract would refuse if it did not only observe, with jq",
      line: "petstore-mqtt refusals --json | jq -c 'select(.observed)'",
    },
  ],
  notes: `The same refusal again (client, topic, reason code, rule) is one row with a count and its last payload. The last
refusalsMax of them are in the server's memory, and gone with it. Let through is what a rule with x-enforcement: observe
would have refused.`,
  load: async () => (await import("./refusals.ts")).listRefusals,
};
