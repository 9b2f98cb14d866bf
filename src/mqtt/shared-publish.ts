import type { Buffer } from "node:buffer";
import type { PublishProperties } from "./packet.ts";
import type { ProtocolVersion, QoS } from "./packet-type.ts";
import {
  type PublishContent,
  publishFirstByte,
  publishLength,
  publishPropertiesLength,
  writePublish,
} from "./publish.ts";
import { encodedTextLength, packetLength, type Writer } from "./writer.ts";

/**
 * A PUBLISH that goes to several Clients of one protocol version. The first writing encodes it; the others copy those
 * bytes and patch what differs: DUP and the Packet Identifier.
 *
 * ```
 *  first Client's buffer                             the others' buffers
 *  ┌───────────────┬──────┬───────────────────┐
 *  │ earlier bytes │ PUBLISH                  │  ──►  … │ PUBLISH │        … │ PUBLISH │
 *  └───────────────┴─┬──┬─┴──────┬────────────┘           ▲    ▲
 *                    │  │        payload                  DUP  Packet Identifier
 *                    │  Packet Identifier, behind the Topic Name (QoS 1 and 2)
 *                    first byte, with DUP
 * ```
 *
 * It lives as long as one synchronous call in which bytes once written are not overwritten, so it can point at the first
 * Client's bytes and needs none of its own. A buffer that grows leaves the old bytes behind, which are as good.
 */
export class SharedPublish implements PublishContent {
  /** The bytes of the whole packet: what Maximum Packet Size counts. */
  readonly byteLength: number;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly topicName: string;
  readonly topicAlias: undefined = undefined;
  readonly subscriptionIdentifiers: readonly number[];
  readonly properties: PublishProperties;
  readonly payload: Uint8Array;
  readonly #protocolVersion: ProtocolVersion;
  readonly #topicBytes: number;
  readonly #propertiesBytes: number;
  readonly #remainingLength: number;
  #source: Buffer | undefined = undefined;
  #sourceStart = 0;
  #encoded: Uint8Array | undefined = undefined;

  /**
   * @param messageExpiryIntervalSeconds what is left of it, in place of the one in `properties` [MQTT-3.3.2-6]
   */
  constructor(
    protocolVersion: ProtocolVersion,
    qos: QoS,
    retain: boolean,
    topicName: string,
    properties: PublishProperties,
    messageExpiryIntervalSeconds: number | undefined,
    subscriptionIdentifiers: readonly number[],
    payload: Uint8Array,
  ) {
    this.qos = qos;
    this.retain = retain;
    this.topicName = topicName;
    this.subscriptionIdentifiers = subscriptionIdentifiers;
    this.properties =
      properties.messageExpiryIntervalSeconds === messageExpiryIntervalSeconds
        ? properties
        : { ...properties, messageExpiryIntervalSeconds };
    this.payload = payload;
    this.#protocolVersion = protocolVersion;
    this.#topicBytes = encodedTextLength(topicName);
    this.#propertiesBytes = publishPropertiesLength(this, protocolVersion);
    this.#remainingLength = publishLength(this, protocolVersion, this.#topicBytes, this.#propertiesBytes);
    this.byteLength = packetLength(this.#remainingLength);
  }

  /** Appends the packet for one Client; `packetIdentifier` is 0 at QoS 0. */
  writeTo(writer: Writer, packetIdentifier: number, dup: boolean): void {
    if (this.#source === undefined) this.#encode(writer, packetIdentifier, dup);
    else this.#copy(writer, this.#source, packetIdentifier, dup);
  }

  #encode(writer: Writer, packetIdentifier: number, dup: boolean): void {
    writePublish(
      this,
      this.#protocolVersion,
      this.#topicBytes,
      this.#propertiesBytes,
      this.#remainingLength,
      packetIdentifier,
      dup,
      writer,
    );
    this.#source = writer.buffer;
    this.#sourceStart = writer.position - this.byteLength;
  }

  #copy(writer: Writer, source: Buffer, packetIdentifier: number, dup: boolean): void {
    this.#encoded ??= source.subarray(this.#sourceStart, this.#sourceStart + this.byteLength);
    writer.reserve(this.byteLength);
    const start = writer.position;
    writer.raw(this.#encoded);
    if (this.qos === 0) return;
    const { buffer } = writer;
    const at = start + this.byteLength - this.#remainingLength + this.#topicBytes;
    buffer[start] = publishFirstByte(this, dup);
    buffer[at] = packetIdentifier >>> 8;
    buffer[at + 1] = packetIdentifier;
  }
}
