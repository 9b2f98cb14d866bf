import type { Command } from "./command.ts";

export const configCommand: Command = {
  name: "config",
  summary: "every key of the configuration file and every limit, with default and unit",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [],
  examples: [{ summary: "What there is to say about retained messages", line: "petstore-mqtt config | grep retained" }],
  notes: "",
  load: async () => (await import("./config.ts")).listConfig,
};

export const configCheckCommand: Command = {
  name: "config check",
  summary: "say everything that is wrong with a configuration file, with line and column",
  positionals: "FILE",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [],
  examples: [
    { summary: "Before a restart", line: "petstore-mqtt config check broker.yaml && systemctl restart petstore-mqtt" },
  ],
  notes: "",
  load: async () => (await import("./config.ts")).checkConfig,
};

export const configShowCommand: Command = {
  name: "config show",
  summary: "the values in force, and whether they come from the file",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [
    { name: "config", value: "FILE", example: "broker.yaml", completes: "file", summary: "the configuration file" },
  ],
  examples: [
    { summary: "What a file changes", line: "petstore-mqtt config show --config broker.yaml | grep -v default" },
  ],
  notes: "Flags of serve win over these values.",
  load: async () => (await import("./config.ts")).showConfig,
};
