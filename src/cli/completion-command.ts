import type { Command } from "./command.ts";

export const completionCommand: Command = {
  name: "completion",
  summary: "print the completion script of a shell: bash, zsh or fish",
  positionals: "SHELL",
  positionalsMin: 1,
  // `completion reply -- WORD…` is what the scripts call.
  positionalsMax: Number.MAX_SAFE_INTEGER,
  flags: [],
  examples: [
    { summary: "For this bash, or in ~/.bashrc for all", line: "source <(petstore-mqtt completion bash)" },
    { summary: "For zsh, behind compinit in ~/.zshrc", line: "source <(petstore-mqtt completion zsh)" },
    {
      summary: "For fish",
      line: "petstore-mqtt completion fish > ~/.config/fish/completions/petstore-mqtt.fish",
    },
  ],
  notes: "",
  load: async () => (await import("./completion.ts")).completion,
};
