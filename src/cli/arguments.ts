import { parseArgs } from "node:util";
import { type StoreKind, storeKinds } from "../server/config.ts";
import { type LogLevel, logLevels } from "../server/log.ts";
import { suggestion } from "../server/suggestion.ts";
import { UsageError } from "../service/errors.ts";
import type { ServeFlags } from "../service/flags.ts";

/** What was asked for on the command line. */
export type Command =
  | { readonly name: "serve"; readonly flags: ServeFlags }
  | { readonly name: "config" | "help" | "version" };

const commandNames = ["serve", "config", "help", "version"] as const;

const flagTypes = {
  config: "string",
  data: "string",
  store: "string",
  mqtts: "string",
  mqtt: "string",
  bind: "string",
  demo: "boolean",
  open: "boolean",
  "log-level": "string",
} as const;

type Given = ReadonlyMap<string, string | true>;

/**
 * Reads the arguments behind the program's name.
 * @throws UsageError
 */
export function parseCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (args.includes("--help") || args.includes("-h")) return { name: "help" };
  if (first === "--version") return { name: "version" };
  if (first === undefined) throw new UsageError(`a command is missing; ${commandList}`);
  const name = commandNames.find((each) => each === first);
  if (name === undefined) {
    const meant = first.startsWith("-") ? "serve" : suggestion(first, commandNames);
    const kind = first.startsWith("-") ? "a command comes before" : "there is no command";
    throw new UsageError(`${kind} ${first}; ${meant === undefined ? commandList : `did you mean ${meant}?`}`);
  }
  if (name === "serve") return { name, flags: serveFlags(givenFlags(rest)) };
  if (rest[0] !== undefined && name !== "help")
    throw new UsageError(`${name} takes no arguments; leave ${rest[0]} out`);
  return { name };
}

const commandList = `commands are ${commandNames.join(", ")}`;

/** Each flag once, with its value where it takes one. */
function givenFlags(args: readonly string[]): Given {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(flagTypes).map(([name, type]) => [name, { type }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === "positional") throw new UsageError(`serve takes only flags; what is ${token.value}?`);
    if (token.kind === "option-terminator") throw new UsageError("serve takes only flags; leave -- out");
    const { name, rawName, value } = token;
    if (!Object.hasOwn(flagTypes, name)) throw new UsageError(unknownFlag(rawName));
    if (given.has(name)) throw new UsageError(`${rawName} was given twice; leave one out`);
    if (flagTypes[name as keyof typeof flagTypes] === "boolean") {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value; leave =${value} out`);
      given.set(name, true);
      continue;
    }
    if (value === undefined || value === "" || (!token.inlineValue && value.startsWith("--"))) {
      throw new UsageError(`${rawName} needs a value, as in ${rawName} ${valueExamples[name]}`);
    }
    given.set(name, value);
  }
  return given;
}

const valueExamples: Readonly<Record<string, string>> = {
  config: "broker.yaml",
  data: "./petstore-data",
  store: "memory",
  mqtts: "8883",
  mqtt: "1883",
  bind: "0.0.0.0",
  "log-level": "warn",
};

function unknownFlag(rawName: string): string {
  const meant = suggestion(
    rawName,
    Object.keys(flagTypes).map((name) => `--${name}`),
  );
  const hint = meant === undefined ? "petstore-mqtt help lists all flags" : `did you mean ${meant}?`;
  return `there is no flag ${rawName}; ${hint}`;
}

function serveFlags(given: Given): ServeFlags {
  const text = (name: string): string | undefined => {
    const value = given.get(name);
    return value === true ? undefined : value;
  };
  return {
    config: text("config"),
    data: text("data"),
    store: storeKind(text("store")),
    mqtts: port("--mqtts", text("mqtts")),
    mqtt: port("--mqtt", text("mqtt")),
    bind: text("bind"),
    demo: given.has("demo"),
    open: given.has("open"),
    logLevel: logLevel(text("log-level")),
  };
}

function port(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= 65_535) return number;
  throw new UsageError(`${flag} ${text}: a port is a number from 0 to 65535, where 0 takes a free one`);
}

function storeKind(text: string | undefined): StoreKind | undefined {
  if (text === undefined) return undefined;
  const kind = storeKinds.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new UsageError(`--store ${text}: there is no such store; stores are ${storeKinds.join(" and ")}`);
}

function logLevel(text: string | undefined): LogLevel | undefined {
  if (text === undefined) return undefined;
  const level = logLevels.find((each) => each === text);
  if (level !== undefined) return level;
  const meant = suggestion(text, logLevels);
  const hint = meant === undefined ? `levels are ${logLevels.join(", ")}` : `did you mean ${meant}?`;
  throw new UsageError(`--log-level ${text}: there is no such level; ${hint}`);
}
