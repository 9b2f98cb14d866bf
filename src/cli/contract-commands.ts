import type { Command, Flag } from "./command.ts";
import { placeFlags } from "./state-flags.ts";

const viewFlag: Flag = {
  name: "view",
  value: "SIDE",
  example: "client",
  choices: ["service", "client"],
  summary: "from whose side send and receive are written (service)",
};

const jsonFlag: Flag = { name: "json", summary: "for programs: JSON instead of sentences" };

export const contractCheckCommand: Command = {
  name: "contract check",
  summary: "say everything that is wrong with an AsyncAPI document, with line and column",
  positionals: "FILE",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [viewFlag, jsonFlag],
  examples: [
    { summary: "Before a restart", line: "petstore-mqtt contract check api.yaml" },
    { summary: "In a pipeline", line: "petstore-mqtt contract check api.yaml --json | jq '.findings[].code'" },
  ],
  notes: "Warnings do not keep a contract from being served; errors do, and the exit code is 1.",
  load: async () => (await import("./contract-check.ts")).checkContract,
};

export const contractExplainCommand: Command = {
  name: "contract explain",
  summary: "say what the broker would do with a message or a subscription, and by which rule",
  positionals: "publish TOPIC [FILE] | subscribe FILTER",
  positionalsMin: 2,
  positionalsMax: 3,
  flags: [
    {
      name: "contract",
      value: "FILE",
      example: "api.yaml",
      completes: "file",
      summary: "the contract (the pet store's)",
    },
    { name: "as", value: "NAME", example: "alice", summary: "who asks; without --role with the roles of that account" },
    { name: "role", value: "ROLE", example: "customer", many: true, summary: "a role that it has instead" },
    {
      name: "claim",
      value: "NAME=VALUE",
      example: "orders=abc123",
      many: true,
      summary: "something that is known of it",
    },
    { name: "client-id", value: "ID", example: "collar-0042", summary: "its client id (the name)" },
    {
      name: "qos",
      short: "q",
      value: "QOS",
      example: "1",
      choices: ["0", "1", "2"],
      summary: "QoS of the message (0)",
    },
    { name: "retain", short: "r", summary: "RETAIN of the message" },
    ...placeFlags,
    viewFlag,
    jsonFlag,
  ],
  examples: [
    {
      summary: "May alice publish this?",
      line: "petstore-mqtt contract explain --as alice publish orders/abc123/status payload.json",
    },
    {
      summary: "What would a customer get?",
      line: "petstore-mqtt contract explain --as alice --role customer subscribe 'orders/+/status'",
    },
  ],
  notes:
    "The payload comes from FILE, or from stdin with -. The exit code is 0 when it is allowed and 4 when it is refused.",
  load: async () => (await import("./contract-explain.ts")).explainContract,
};

export const contractTypesCommand: Command = {
  name: "contract types",
  summary: "print the messages of an AsyncAPI document as TypeScript",
  positionals: "FILE",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [viewFlag],
  examples: [{ summary: "Into a project", line: "petstore-mqtt contract types api.yaml > src/events.ts" }],
  notes: "",
  load: async () => (await import("./contract-print.ts")).printTypes,
};

export const contractDocsCommand: Command = {
  name: "contract docs",
  summary: "print the topics of an AsyncAPI document as a page, with who may do what",
  positionals: "FILE",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [viewFlag],
  examples: [{ summary: "Into a repository", line: "petstore-mqtt contract docs api.yaml > docs/topics.md" }],
  notes: "",
  load: async () => (await import("./contract-print.ts")).printDocs,
};
