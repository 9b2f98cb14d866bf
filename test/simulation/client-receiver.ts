import { noAcknowledgementProperties } from "../../src/mqtt/acknowledgement.ts";
import type { Acknowledgement, Publish } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { isFailure, type PublishReasonCode, ReasonCode } from "../../src/mqtt/reason-code.ts";
import { Violation } from "./records.ts";

/** What a Client does with what it receives. */
export interface ReceiverPort {
  readonly name: string;
  /** Sends an acknowledgement, sooner or later, in the order of the calls; `message` is whose flow it ends. */
  answer(packet: Acknowledgement, sent: () => void, message: string | undefined): void;
  /** What it says to a new message. */
  reasonCode(): PublishReasonCode;
  /** A message came; `isNew` when the application gets it. */
  received(publish: Publish, message: string, isNew: boolean): void;
}

/** A Client's QoS 1 and 2 as receiver (§4.3), which watches that the Server keeps its quota and its identifiers. */
export class ClientReceiver {
  readonly #port: ReceiverPort;
  /** QoS 2 Packet Identifiers that are not released, with the message that each is for; part of the Session State. */
  readonly #unreleased: Map<number, string> = new Map();
  /** What came on this connection and is not acknowledged. */
  readonly #unacknowledged: Map<number, string> = new Map();
  readonly #aliases: Map<number, string> = new Map();
  #receiveMaximum = 65_535;

  constructor(port: ReceiverPort) {
    this.#port = port;
  }

  /** A connection stands, on the Session that was before. */
  resume(receiveMaximum: number): void {
    this.#receiveMaximum = receiveMaximum;
    this.#unacknowledged.clear();
    this.#aliases.clear();
  }

  /** A connection stands, and its Session is new. */
  restart(receiveMaximum: number): void {
    this.#unreleased.clear();
    this.resume(receiveMaximum);
  }

  publish(publish: Publish): void {
    const { qos, packetIdentifier, dup } = publish;
    const message = messageOf(publish);
    const named = { ...publish, topicName: this.#topicName(publish) };
    if (qos === 0) {
      this.#port.received(named, message, true);
      return;
    }
    const inUse = this.#unacknowledged.get(packetIdentifier);
    if (inUse !== undefined)
      throw this.#wrong(`#${packetIdentifier} for ${message} while ${inUse} has it`, message, inUse);
    this.#unacknowledged.set(packetIdentifier, message);
    if (this.#unacknowledged.size > this.#receiveMaximum) {
      throw this.#wrong(
        `${this.#unacknowledged.size} messages at a Receive Maximum of ${this.#receiveMaximum}`,
        message,
      );
    }
    if (qos === 1) {
      this.#port.received(named, message, true);
      const reasonCode = this.#port.reasonCode();
      this.#port.answer(
        { type: PacketType.Puback, packetIdentifier, reasonCode, properties: noAcknowledgementProperties },
        () => this.#unacknowledged.delete(packetIdentifier),
        message,
      );
      return;
    }
    const unreleased = this.#unreleased.get(packetIdentifier);
    if (unreleased !== undefined && (unreleased !== message || !dup)) {
      throw this.#wrong(`#${packetIdentifier} for ${message} before ${unreleased} was released`, message, unreleased);
    }
    const reasonCode = unreleased === undefined ? this.#port.reasonCode() : ReasonCode.Success;
    const isRefused = isFailure(reasonCode);
    this.#port.received(named, message, unreleased === undefined && !isRefused);
    if (!isRefused) this.#unreleased.set(packetIdentifier, message);
    this.#port.answer(
      { type: PacketType.Pubrec, packetIdentifier, reasonCode, properties: noAcknowledgementProperties },
      () => {
        if (isRefused) this.#unacknowledged.delete(packetIdentifier);
      },
      isRefused ? message : undefined,
    );
  }

  pubrel(packetIdentifier: number): void {
    const message = this.#unreleased.get(packetIdentifier);
    this.#unreleased.delete(packetIdentifier);
    const reasonCode = message === undefined ? ReasonCode.PacketIdentifierNotFound : ReasonCode.Success;
    this.#port.answer(
      { type: PacketType.Pubcomp, packetIdentifier, reasonCode, properties: noAcknowledgementProperties },
      () => this.#unacknowledged.delete(packetIdentifier),
      message,
    );
  }

  /** What it waits for, if for anything. */
  get awaits(): string | undefined {
    for (const [packetIdentifier, message] of this.#unreleased) return `PUBREL #${packetIdentifier} for ${message}`;
    return undefined;
  }

  #topicName({ topicName, topicAlias }: Publish): string {
    if (topicAlias === undefined) return topicName;
    if (topicName !== "") this.#aliases.set(topicAlias, topicName);
    const known = this.#aliases.get(topicAlias);
    if (known === undefined) throw this.#wrong(`Topic Alias ${topicAlias}, which was never set`);
    return known;
  }

  #wrong(what: string, ...about: readonly string[]): Violation {
    return new Violation(`${this.#port.name} got ${what}`, this.#port.name, ...about);
  }
}

/** The name that begins the payload. */
export function messageOf({ payload }: Publish): string {
  const text = Buffer.from(payload).toString("latin1");
  const end = text.indexOf(" ");
  return end < 0 ? text : text.slice(0, end);
}
