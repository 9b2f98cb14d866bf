import { NotationError, parsePacket } from "../mqtt/notation.ts";
import { ProtocolVersion } from "../mqtt/packet-type.ts";

/*
 * A conversation with the broker as text: what each Client sends, what it gets, and when.
 *
 * ```
 * # 4.3.3 QoS 2: a repeated PUBLISH before PUBREL is not delivered twice [MQTT-4.3.3-10]
 * version: both
 * limits: receiveMaximum=2
 *
 * sub > CONNECT s clean
 * sub < CONNACK 0x00 …
 * pub > PUBLISH q2 #5 "t" payload="x"
 * pub < PUBREC #5
 * sub < PUBLISH q2 #m "t" payload="x"
 * sub > PUBREC #m
 * sub silent
 * +10s
 * pub drops
 * sub < closed
 * ```
 *
 * The first line names the scenario. Headers stand before the first step. A connection is a name; its first `>` opens
 * it, and a name whose connection ended may open a new one. What a connection is sent comes in the order written, and
 * nothing else is sent: every step but an expectation first checks that no connection got anything unexpected. `…`
 * behind a packet allows further Properties, and `reasonString=?` before it demands one. ``&` between packets sends them in one
 * piece. `#m` is a Packet Identifier that the broker chooses: the first expectation
 * binds it. README.md in test/scenarios lists every header and step.
 */

/** What a step does, with the line it stands in. */
export type Step =
  | { readonly kind: "send"; readonly line: number; readonly name: string; readonly packets: readonly string[] }
  | { readonly kind: "sendBytes"; readonly line: number; readonly name: string; readonly bytes: Uint8Array }
  | {
      readonly kind: "expect";
      readonly line: number;
      readonly name: string;
      readonly packet: string;
      /** `…`: further Properties are allowed. */
      readonly isOpen: boolean;
      /** `name=?`: Properties that must be there, whatever they say. */
      readonly present: readonly string[];
    }
  | {
      readonly kind: "expectCount";
      readonly line: number;
      readonly name: string;
      readonly count: number;
      readonly packet: string;
    }
  | { readonly kind: "expectClosed"; readonly line: number; readonly name: string }
  | { readonly kind: "silent"; readonly line: number; readonly name: string }
  | { readonly kind: "drop"; readonly line: number; readonly name: string }
  | { readonly kind: "room"; readonly line: number; readonly name: string; readonly hasRoom: boolean }
  | { readonly kind: "wait"; readonly line: number; readonly milliseconds: number }
  | {
      readonly kind: "server";
      readonly line: number;
      readonly verb: ServerVerb;
      readonly argument: string | undefined;
    };

/** What happens to the broker from inside. */
export type ServerVerb = "drains" | "disconnects" | "publishes" | "refuses" | "accepts" | "restarts";

/** A `key: value` line before the first step. */
export interface Header {
  readonly line: number;
  readonly key: string;
  readonly value: string;
}

/** One scenario file. */
export interface Scenario {
  readonly file: string;
  /** The first line without its `#`. */
  readonly title: string;
  /** Protocol version of a CONNECT that names none; twice the same story when there are two. */
  readonly versions: readonly ProtocolVersion[];
  readonly headers: readonly Header[];
  readonly steps: readonly Step[];
}

/** A scenario that is written wrongly, or that did not come true. */
export class ScenarioError extends Error {
  constructor(file: string, line: number, message: string, cause?: unknown) {
    super(`${file}:${line}: ${message}`, { cause });
    this.name = "ScenarioError";
  }
}

/**
 * Reads one scenario.
 * @throws ScenarioError with file and line
 */
export function parseScenario(text: string, file: string): Scenario {
  const lines = text.split("\n").map((line) => line.trim());
  const title = /^#\s*(.+)$/.exec(lines[0] ?? "")?.[1];
  if (title === undefined) throw new ScenarioError(file, 1, 'the first line is "# " and the name of the scenario');
  const headers: Header[] = [];
  const steps: Step[] = [];
  let versions: readonly ProtocolVersion[] = [ProtocolVersion.V5];
  for (const [index, content] of lines.entries()) {
    const line = index + 1;
    if (content === "" || content.startsWith("#")) continue;
    const header = /^([a-z]+): (.+)$/.exec(content);
    if (header === null) {
      steps.push(parseStep(content, file, line));
      continue;
    }
    const [, key = "", value = ""] = header;
    if (steps.length > 0) throw new ScenarioError(file, line, "a header stands before the first step");
    if (key === "version") versions = parseVersions(value, file, line);
    else headers.push({ line, key, value });
  }
  if (steps.length === 0) throw new ScenarioError(file, lines.length, "there is no step");
  return { file, title, versions, headers, steps };
}

function parseVersions(value: string, file: string, line: number): readonly ProtocolVersion[] {
  if (value === "5") return [ProtocolVersion.V5];
  if (value === "4") return [ProtocolVersion.V311];
  if (value === "both") return [ProtocolVersion.V5, ProtocolVersion.V311];
  throw new ScenarioError(file, line, "version is 5, 4 or both");
}

const millisecondsOf: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseStep(content: string, file: string, line: number): Step {
  const time = /^\+(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(content);
  if (time !== null) {
    return { kind: "wait", line, milliseconds: Number(time[1]) * (millisecondsOf[time[2] as string] as number) };
  }
  const server = /^server (drains|disconnects|publishes|refuses|accepts|restarts)(?: (.+))?$/.exec(content);
  if (server !== null) return { kind: "server", line, verb: server[1] as ServerVerb, argument: server[2] };
  const [, name = "", verb = "", rest = ""] =
    /^([a-z]\w*)\s+(>|<|silent|drops|stalls|drains)(?:\s+(.+))?$/.exec(content) ?? [];
  switch (verb) {
    case ">":
      return parseSend(name, rest, file, line);
    case "<":
      return parseExpectation(name, rest, file, line);
    case "silent":
      return { kind: "silent", line, name };
    case "drops":
      return { kind: "drop", line, name };
    case "stalls":
    case "drains":
      return { kind: "room", line, name, hasRoom: verb === "drains" };
    default:
      throw new ScenarioError(file, line, `this is no step: ${content}`);
  }
}

function parseSend(name: string, rest: string, file: string, line: number): Step {
  const bytes = /^x'([0-9a-fA-F\s]*)'$/.exec(rest);
  if (bytes !== null) {
    return { kind: "sendBytes", line, name, bytes: Buffer.from((bytes[1] as string).replace(/\s/g, ""), "hex") };
  }
  const packets = splitPackets(rest);
  for (const packet of packets) checkPacket(packet, file, line);
  return { kind: "send", line, name, packets };
}

/** Packets sent in one piece stand between ` & `, which means nothing inside quotes. */
function splitPackets(line: string): readonly string[] {
  const packets = [""];
  for (const [piece] of line.matchAll(/"(?:[^"\\]|\\.)*"| & |./g)) {
    if (piece === " & ") packets.push("");
    else packets.push(`${packets.pop()}${piece}`);
  }
  return packets;
}

function parseExpectation(name: string, rest: string, file: string, line: number): Step {
  if (rest === "closed") return { kind: "expectClosed", line, name };
  const count = /^(\d+) ([A-Z]+)$/.exec(rest);
  if (count !== null) return { kind: "expectCount", line, name, count: Number(count[1]), packet: count[2] as string };
  const isOpen = rest.endsWith("…");
  const present = [...rest.matchAll(/ (\w+)=\?/g)].map(([, property]) => property as string);
  const packet = rest.replaceAll(/ \w+=\?/g, "").replace(/\s*…$/, "");
  checkPacket(packet, file, line);
  return { kind: "expect", line, name, packet, isOpen, present };
}

/** A packet is read when its time comes, because its identifiers may be bound by then; how it is written is known now. */
function checkPacket(packet: string, file: string, line: number): void {
  try {
    parsePacket(bindIdentifier(packet, () => 1).line);
  } catch (error) {
    if (error instanceof NotationError) throw new ScenarioError(file, line, `${error.message}\n  ${packet}`);
    throw error;
  }
}

/** Replaces `#name`, if there is one outside quotes, by the number that `numberOf` knows. */
export function bindIdentifier(
  packet: string,
  numberOf: (name: string) => number,
): { readonly line: string; readonly name: string | undefined } {
  let name: string | undefined;
  const line = packet.replace(/"(?:[^"\\]|\\.)*"|#([a-z]\w*)/g, (whole: string, found: string | undefined) => {
    if (found === undefined) return whole;
    name = found;
    return `#${numberOf(found)}`;
  });
  return { line, name };
}
