import type { PublishProperties } from "./packet.ts";
import type { ProtocolVersion, QoS } from "./packet-type.ts";
import type { Writer } from "./writer.ts";

/** A PUBLISH that goes to several Clients; stub until the codec is written. */
export class SharedPublish {
  readonly byteLength: number = 0;
  constructor(
    _protocolVersion: ProtocolVersion,
    _qos: QoS,
    _retain: boolean,
    _topicName: string,
    _properties: PublishProperties,
    _messageExpiryIntervalSeconds: number | undefined,
    _subscriptionIdentifiers: readonly number[],
    _payload: Uint8Array,
  ) {}
  writeTo(_writer: Writer, _packetIdentifier: number, _dup: boolean): void {}
}
