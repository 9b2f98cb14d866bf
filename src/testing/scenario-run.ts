import { formatPacket, packetName, parsePacket } from "../mqtt/notation.ts";
import type { Packet } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import { decoded, encoded } from "./recording-outbox.ts";
import { bindIdentifier, type Scenario, ScenarioError, type ServerVerb, type Step } from "./scenario.ts";

/** What one connection was sent: a packet, or the end. */
export type Received = { readonly kind: "packet"; readonly packet: Packet } | { readonly kind: "closed" };

/** Where a scenario is played: on the pure core, or over sockets. */
export interface Stage {
  /** Opens a Network Connection under a name that has none. */
  open(name: string): Promise<void>;
  isOpen(name: string): boolean;
  /** `bytes` may be anything, `packets` are whole. */
  send(name: string, bytes: Uint8Array, kind: "packets" | "bytes"): Promise<void>;
  /** The protocol version that this connection's packets are in, from the CONNECT on. */
  speaks(name: string, version: ProtocolVersion): void;
  /** The next thing this connection was sent; undefined when nothing comes. */
  next(name: string): Promise<Received | undefined>;
  /** What some connection was sent and nobody expected, if anything. */
  unexpected(): Promise<{ readonly name: string; readonly received: Received } | undefined>;
  /** The Client is done: it sent DISCONNECT and closes its side. */
  leave(name: string): Promise<void>;
  /** The Network Connection is lost. */
  drop(name: string): Promise<void>;
  wait(milliseconds: number): Promise<void>;
  /** Whether this connection takes what it is sent. Only on the core. */
  room(name: string, hasRoom: boolean): Promise<void>;
  /** Something happens to the broker from inside. Only on the core. */
  server(verb: ServerVerb, argument: string | undefined): Promise<void>;
}

/** Steps that only the pure core can play: long waits, and what no Client can bring about. */
export function needsCore(scenario: Scenario): boolean {
  return (
    scenario.steps.some(
      (step) =>
        step.kind === "server" || step.kind === "room" || (step.kind === "wait" && step.milliseconds > realWaitMaximum),
    ) || scenario.headers.some(({ key }) => key === "method")
  );
}

/** Longer waits are not waited for in real time, ms. */
const realWaitMaximum = 2_000;

/**
 * Plays a scenario.
 * @throws ScenarioError at the first step that does not come true
 */
export async function playScenario(scenario: Scenario, version: ProtocolVersion, stage: Stage): Promise<void> {
  const player = new Player(scenario.file, version, stage);
  for (const step of scenario.steps) await player.play(step);
  await player.checkQuiet(scenario.steps.at(-1)?.line ?? 1);
}

class Player {
  readonly #file: string;
  readonly #version: ProtocolVersion;
  readonly #stage: Stage;
  readonly #versions = new Map<string, ProtocolVersion>();
  readonly #identifiers = new Map<string, number>();

  constructor(file: string, version: ProtocolVersion, stage: Stage) {
    this.#file = file;
    this.#version = version;
    this.#stage = stage;
  }

  async play(step: Step): Promise<void> {
    try {
      await this.#play(step);
    } catch (error) {
      if (error instanceof ScenarioError) throw error;
      throw this.#error(step.line, (error as Error).message, error);
    }
  }

  async #play(step: Step): Promise<void> {
    const { line } = step;
    if (step.kind === "expect") return this.#expect(step);
    if (step.kind === "expectClosed") return this.#expectClosed(line, step.name);
    if (step.kind === "expectCount") return this.#expectCount(line, step.name, step.count, step.packet);
    await this.checkQuiet(line);
    switch (step.kind) {
      case "send":
        return this.#send(line, step.name, step.packets);
      case "sendBytes":
        return this.#sendBytes(step.name, step.bytes);
      case "drop":
        return this.#stage.drop(step.name);
      case "room":
        return this.#stage.room(step.name, step.hasRoom);
      case "wait":
        return this.#stage.wait(step.milliseconds);
      case "server":
        return this.#stage.server(step.verb, step.argument);
      case "silent":
        return;
    }
  }

  /** Nobody was sent anything that no step expected. */
  async checkQuiet(line: number): Promise<void> {
    const unexpected = await this.#stage.unexpected();
    if (unexpected === undefined) return;
    throw this.#error(
      line,
      `before this step nothing more was expected\n  but came: ${unexpected.name} < ${describe(unexpected.received)}`,
    );
  }

  async #send(line: number, name: string, lines: readonly string[]): Promise<void> {
    const packets = lines.map((text) => parsePacket(this.#bound(line, text), this.#version));
    const [first] = packets;
    if (first?.type === PacketType.Connect && !this.#stage.isOpen(name))
      this.#versions.set(name, first.protocolVersion);
    await this.#openIfNew(name);
    const version = this.#versionOf(name);
    await this.#stage.send(name, Buffer.concat(packets.map((packet) => encoded(packet, version))), "packets");
    if (packets.at(-1)?.type === PacketType.Disconnect) await this.#stage.leave(name);
  }

  #bound(line: number, text: string): string {
    return bindIdentifier(text, (identifier) => {
      const value = this.#identifiers.get(identifier);
      if (value === undefined) throw this.#error(line, `#${identifier} was not received before`);
      return value;
    }).line;
  }

  async #sendBytes(name: string, bytes: Uint8Array): Promise<void> {
    if (!this.#stage.isOpen(name)) this.#versions.set(name, versionOfBytes(bytes));
    await this.#openIfNew(name);
    await this.#stage.send(name, bytes, "bytes");
  }

  async #openIfNew(name: string): Promise<void> {
    if (this.#stage.isOpen(name)) return;
    await this.#stage.open(name);
    this.#stage.speaks(name, this.#versionOf(name));
  }

  #versionOf(name: string): ProtocolVersion {
    return this.#versions.get(name) ?? this.#version;
  }

  async #expect({ line, name, packet: text, isOpen, present }: Extract<Step, { kind: "expect" }>): Promise<void> {
    if (!this.#canSay(name, text)) return;
    const received = await this.#stage.next(name);
    if (received?.kind !== "packet") {
      throw this.#mismatch(line, `${name} < ${text}${isOpen ? " …" : ""}`, name, received);
    }
    const { packet } = received;
    const actualIdentifier = "packetIdentifier" in packet ? packet.packetIdentifier : 0;
    const bound = bindIdentifier(text, (identifier) => this.#identifiers.get(identifier) ?? actualIdentifier);
    const wanted = this.#asReceived(name, parsePacket(bound.line, this.#version));
    const expected = isOpen ? withPropertiesOf(packet, wanted) : wanted;
    const came = formatPacket(inAnyOrder(packet));
    if (came !== formatPacket(inAnyOrder(expected)) || !present.every((property) => came.includes(` ${property}=`))) {
      const demanded = present.map((property) => ` ${property}=?`).join("");
      throw this.#mismatch(line, `${name} < ${formatPacket(wanted)}${demanded}${isOpen ? " …" : ""}`, name, received);
    }
    if (bound.name !== undefined) this.#identifiers.set(bound.name, actualIdentifier);
  }

  /** In 3.1.1 a Server sends no DISCONNECT and no AUTH: that is not expected there. */
  #canSay(name: string, text: string): boolean {
    return this.#versionOf(name) === ProtocolVersion.V5 || !/^(?:DISCONNECT|AUTH)\b/.test(text);
  }

  /** What is left of a packet in the connection's version: 3.1.1 has no Properties and fewer Reason Codes. */
  #asReceived(name: string, packet: Packet): Packet {
    const version = this.#versionOf(name);
    return version === ProtocolVersion.V5 ? packet : decoded(encoded(packet, version), version);
  }

  async #expectCount(line: number, name: string, count: number, packet: string): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const received = await this.#stage.next(name);
      if (received?.kind !== "packet" || packetName(received.packet.type) !== packet) {
        throw this.#mismatch(line, `${name} < ${packet}, number ${index + 1} of ${count}`, name, received);
      }
    }
  }

  async #expectClosed(line: number, name: string): Promise<void> {
    const received = await this.#stage.next(name);
    if (received?.kind !== "closed") throw this.#mismatch(line, `${name} < closed`, name, received);
  }

  #mismatch(line: number, expected: string, name: string, received: Received | undefined): ScenarioError {
    const came = received === undefined ? "nothing" : `${name} < ${describe(received)}`;
    return this.#error(line, `expected: ${expected}\n  but came: ${came}`);
  }

  #error(line: number, message: string, cause?: unknown): ScenarioError {
    const version = this.#version === ProtocolVersion.V5 ? "5.0" : "3.1.1";
    return new ScenarioError(this.#file, line, `${message}\n  (MQTT ${version})`, cause);
  }
}

function describe(received: Received): string {
  return received.kind === "closed" ? "closed" : formatPacket(received.packet);
}

/** `wanted`, and of `actual` every Property that `wanted` does not name. */
function withPropertiesOf(actual: Packet, wanted: Packet): Packet {
  if (!("properties" in actual) || !("properties" in wanted)) return wanted;
  const properties: Record<string, unknown> = { ...actual.properties };
  for (const [key, value] of Object.entries(wanted.properties)) {
    const isAbsent = value === undefined || (key === "userProperties" && (value as readonly unknown[]).length === 0);
    if (!isAbsent) properties[key] = value;
  }
  return { ...wanted, properties } as unknown as Packet;
}

/** The order of Subscription Identifiers is not significant (§3.3.4). */
function inAnyOrder(packet: Packet): Packet {
  if (packet.type !== PacketType.Publish) return packet;
  return { ...packet, subscriptionIdentifiers: [...packet.subscriptionIdentifiers].sort((a, b) => a - b) };
}

/** Bytes that are a CONNECT say their version behind the Protocol Name (§3.1.2.2); anything else is taken as 5.0. */
function versionOfBytes(bytes: Uint8Array): ProtocolVersion {
  const level = bytes[4 + (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0))];
  return bytes[0] === 0x10 && level !== undefined && level < 5 ? ProtocolVersion.V311 : ProtocolVersion.V5;
}
