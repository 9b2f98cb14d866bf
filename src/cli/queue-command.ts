import type { Command } from "./command.ts";
import { jsonFlag, pageFlags, payloadFlag, placeFlags, stateNotes } from "./state-flags.ts";

export const queueListCommand: Command = {
  name: "queue list",
  summary: "whom messages wait for: sessions and shared groups with something in their queues",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [jsonFlag, ...pageFlags, ...placeFlags],
  examples: [{ summary: "Who does not keep up", line: "petstore-mqtt queue list" }],
  notes: stateNotes,
  load: async () => (await import("./queue.ts")).listQueues,
};

export const queueShowCommand: Command = {
  name: "queue show",
  summary: "the messages in one queue, the next to be sent first",
  positionals: "CLIENT",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [jsonFlag, payloadFlag, ...pageFlags, ...placeFlags],
  examples: [
    { summary: "What waits for a client", line: "petstore-mqtt queue show alice-phone" },
    {
      summary: "What waits for a shared group, with payloads",
      line: "petstore-mqtt queue show '$share/billing/orders/#' --payload",
    },
  ],
  notes: `Messages are waiting, sent (not acknowledged) or released (PUBREC came). The age of one without a message expiry
interval is not known.\n${stateNotes}`,
  load: async () => (await import("./queue.ts")).showQueue,
};
