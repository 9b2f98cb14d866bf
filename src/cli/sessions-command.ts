import type { Command } from "./command.ts";
import { jsonFlag, pageFlags, placeFlags, stateNotes } from "./state-flags.ts";

export const sessionsListCommand: Command = {
  name: "sessions list",
  summary: "all sessions: whose they are, what waits for them, when they end",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [jsonFlag, ...pageFlags, ...placeFlags],
  examples: [
    { summary: "The first thousand", line: "petstore-mqtt sessions list" },
    {
      summary: "Everybody who is connected, with jq",
      line: "petstore-mqtt sessions list --limit 0 --json | jq -r 'select(.connected) | .clientId'",
    },
  ],
  notes: stateNotes,
  load: async () => (await import("./sessions.ts")).listSessions,
};

export const sessionsShowCommand: Command = {
  name: "sessions show",
  summary: "one session and its subscriptions",
  positionals: "CLIENT",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [jsonFlag, ...pageFlags, ...placeFlags],
  examples: [{ summary: "By its client identifier", line: "petstore-mqtt sessions show collar-0042" }],
  notes: `With --json the session is the first line, then comes one for each subscription.\n${stateNotes}`,
  load: async () => (await import("./sessions.ts")).showSession,
};

export const sessionsDisconnectCommand: Command = {
  name: "sessions disconnect",
  summary: "end a client's connection (0x98 Administrative action); its session stays",
  positionals: "CLIENT",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: placeFlags,
  examples: [{ summary: "It may connect again", line: "petstore-mqtt sessions disconnect collar-0042" }],
  notes: "",
  load: async () => (await import("./sessions.ts")).disconnectSession,
};
