import type { Command } from "./command.ts";

export const versionCommand: Command = {
  name: "version",
  summary: "the version",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [],
  examples: [],
  notes: "",
  load: async () => {
    const { ownVersion } = await import("./version.ts");
    return async () => {
      process.stdout.write(`${ownVersion()}\n`);
      return 0;
    };
  },
};
