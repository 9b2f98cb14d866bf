import { deadLetterCauses } from "../store/dead-letters.ts";
import type { Command, Flag } from "./command.ts";
import { jsonFlag, pageFlags, payloadFlag, placeFlags } from "./state-flags.ts";

const selectionFlags: readonly Flag[] = [
  {
    name: "topic",
    value: "FILTER",
    example: "'orders/#'",
    summary: "only those of topics that this topic filter matches",
  },
  { name: "cause", value: "CAUSE", example: "refused", choices: deadLetterCauses, summary: "only those of this cause" },
];

const allFlag: Flag = { name: "all", summary: "all of them, or all that the other flags leave" };

const notes = `Dead letters are messages of QoS 1 and 2 that were refused, and those that a queue lost: it overflowed, or they
expired in it. They are in DIR/dead-letters, or in memory with --store memory.`;

export const deadLettersListCommand: Command = {
  name: "dead-letters list",
  summary: "messages that did not come, the oldest first, with the reason",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [...selectionFlags, jsonFlag, payloadFlag, ...pageFlags, ...placeFlags],
  examples: [
    {
      summary: "What was refused about orders",
      line: "petstore-mqtt dead-letters list --topic 'orders/#' --cause refused",
    },
  ],
  notes,
  load: async () => (await import("./dead-letters.ts")).listDeadLetters,
};

export const deadLettersShowCommand: Command = {
  name: "dead-letters show",
  summary: "one of them, with properties and payload",
  positionals: "NUMBER",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [jsonFlag, ...placeFlags],
  examples: [{ summary: "By its number", line: "petstore-mqtt dead-letters show 17" }],
  notes,
  load: async () => (await import("./dead-letters.ts")).showDeadLetter,
};

export const deadLettersReplayCommand: Command = {
  name: "dead-letters replay",
  summary: "bring them to where they did not come, as far as today's rules allow it",
  positionals: "[NUMBER...]",
  positionalsMin: 0,
  positionalsMax: 10_000,
  flags: [allFlag, ...selectionFlags, jsonFlag, ...placeFlags],
  examples: [
    { summary: "After the contract was mended", line: "petstore-mqtt dead-letters replay --all --cause refused" },
    { summary: "Two of them", line: "petstore-mqtt dead-letters replay 17 18" },
  ],
  notes: `A server must run. A refused message is published again with its topic, QoS, RETAIN and properties, if its publisher
may now; one that a queue lost goes to that queue only. What is done is removed, what still cannot be stays: exit code 1.
An old message with RETAIN takes the place of a newer retained one.
${notes}`,
  load: async () => (await import("./dead-letters.ts")).replayDeadLetters,
};

export const deadLettersRemoveCommand: Command = {
  name: "dead-letters remove",
  summary: "forget them",
  positionals: "[NUMBER...]",
  positionalsMin: 0,
  positionalsMax: 10_000,
  flags: [allFlag, ...selectionFlags, jsonFlag, ...placeFlags],
  examples: [{ summary: "What expired", line: "petstore-mqtt dead-letters remove --all --cause expired" }],
  notes,
  load: async () => (await import("./dead-letters.ts")).removeDeadLetters,
};
