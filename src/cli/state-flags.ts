import type { Flag } from "./command.ts";

/** Which server's or store's state is asked. */
export const placeFlags: readonly Flag[] = [
  {
    name: "data",
    value: "DIR",
    example: "./petstore-data",
    completes: "directory",
    summary: "the data directory (./petstore-data, or what the file says)",
  },
  {
    name: "config",
    value: "FILE",
    example: "broker.yaml",
    completes: "file",
    summary: "the server's configuration file",
  },
];

export const jsonFlag: Flag = { name: "json", summary: "one JSON object a line" };

export const payloadFlag: Flag = { name: "payload", summary: "payloads and properties too" };

/** How much of a long list is printed. */
export const pageFlags: readonly Flag[] = [
  { name: "limit", value: "COUNT", example: "100", summary: "print at most so many (1000); 0 for all" },
  { name: "skip", value: "COUNT", example: "1000", summary: "pass so many over first" },
];

/** How these commands find their answer. */
export const stateNotes = `While a server runs in the data directory, it is asked over DIR/control.sock, which only its user may open.
While none does, the store is read; a server that starts meanwhile is refused, since a store has one process.`;
