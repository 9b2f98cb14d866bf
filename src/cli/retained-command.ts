import type { Command } from "./command.ts";
import { jsonFlag, pageFlags, payloadFlag, placeFlags, stateNotes } from "./state-flags.ts";

export const retainedListCommand: Command = {
  name: "retained list",
  summary: "retained messages, all or those that a topic filter matches",
  positionals: "[TOPIC-FILTER]",
  positionalsMin: 0,
  positionalsMax: 1,
  flags: [jsonFlag, payloadFlag, ...pageFlags, ...placeFlags],
  examples: [
    { summary: "What is retained about pets", line: "petstore-mqtt retained list 'pets/#'" },
    {
      summary: "What the server says of itself, with payloads",
      line: "petstore-mqtt retained list '$SYS/#' --payload",
    },
  ],
  notes: stateNotes,
  load: async () => (await import("./retained.ts")).listRetained,
};

export const retainedShowCommand: Command = {
  name: "retained show",
  summary: "one retained message, with properties and payload",
  positionals: "TOPIC",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [jsonFlag, ...placeFlags],
  examples: [{ summary: "The last reading of a collar", line: "petstore-mqtt retained show pets/7/health" }],
  notes: `A payload that is no UTF-8 text is printed in base64.\n${stateNotes}`,
  load: async () => (await import("./retained.ts")).showRetained,
};
