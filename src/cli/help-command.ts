import type { Command } from "./command.ts";

export const helpCommand: Command = {
  name: "help",
  summary: "this list, or the help of one command",
  positionals: "[COMMAND]",
  positionalsMin: 0,
  positionalsMax: 2,
  flags: [],
  examples: [{ summary: "All flags of serve, with examples", line: "petstore-mqtt help serve" }],
  notes: "",
  load: async () => {
    const { helpText } = await import("./help.ts");
    return async ({ positionals }, commands) => {
      process.stdout.write(helpText(positionals, commands));
      return 0;
    };
  },
};
