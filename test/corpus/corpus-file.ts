import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parsePacket } from "../../src/mqtt/notation.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { corpusBytes } from "./corpus-bytes.ts";
import { type Input, parseOutcomes, plainConnect } from "./input.ts";

/** The inputs of one file or family, in their order. */
export interface Group {
  readonly name: string;
  readonly inputs: readonly Input[];
}

/** What the lines before an input have said so far. */
interface Context {
  readonly file: string;
  stage: Input["stage"];
  title: string | undefined;
  connect: string;
  after: readonly string[];
}

/** Every `.corpus` file beside this one. */
export function readCorpus(): Group[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".corpus"))
    .sort()
    .map((name) => parseCorpus(readFileSync(join(import.meta.dirname, name), "utf8"), name));
}

/**
 * Reads one file of the corpus.
 * @throws Error with file and line
 */
export function parseCorpus(text: string, file: string): Group {
  const lines = text.split("\n");
  const name = /^# (.+)$/.exec(lines[0] ?? "")?.[1];
  if (name === undefined) throw new Error(`${file}:1: the first line is "# " and the name of the group`);
  const context: Context = { file, stage: "connected", title: undefined, connect: plainConnect, after: [] };
  const inputs: Input[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    try {
      inputs.push(...parseLine(context, line, index + 1));
    } catch (error) {
      throw new Error(`${file}:${index + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  return { name, inputs };
}

function parseLine(context: Context, line: string, number: number): Input[] {
  if (line.trim() === "") {
    context.title = undefined;
    return [];
  }
  if (/^\s*#/.test(line)) return [];
  if (!line.startsWith("  ")) {
    readHead(context, line);
    return [];
  }
  const [, versions = "", bytes = "", outcomes = ""] = /^ {2}(both|5|4) {2}(.+?) => (.+)$/.exec(line) ?? [];
  if (versions !== "") return inputsOf(context, versions, bytes, outcomes, number);
  const [, key, value = ""] = /^ {2}(source|connect|after): (.+)$/.exec(line) ?? [];
  if (key === undefined) throw new Error("an input is: 5, 4 or both, bytes, =>, outcomes");
  if (key === "connect") context.connect = readPackets(value)[0]!;
  else if (key === "after") context.after = readPackets(value);
  return [];
}

/** `opened` and `connected` are for all that follows; any other line begins an entry. */
function readHead(context: Context, line: string): void {
  if (line === "opened:" || line === "connected:") {
    context.stage = line.slice(0, -1) as Input["stage"];
    return;
  }
  if (context.title !== undefined) throw new Error("an empty line stands before the next entry");
  context.title = line;
  context.connect = plainConnect;
  context.after = [];
}

function readPackets(value: string): string[] {
  const packets = value.split(" & ");
  for (const packet of packets) parsePacket(packet);
  return packets;
}

function inputsOf(context: Context, versions: string, bytes: string, outcomes: string, number: number): Input[] {
  const { file, title, stage, connect, after } = context;
  if (title === undefined) throw new Error("an input stands below its title");
  const both = [ProtocolVersion.V5, ProtocolVersion.V311];
  const chosen = versions === "both" ? both : [Number(versions) as ProtocolVersion];
  return chosen.map((version) => ({
    title,
    place: `${file}:${number}`,
    version,
    bytes: corpusBytes(bytes, version),
    stage,
    connect,
    after,
    outcomes: parseOutcomes(outcomes),
  }));
}
