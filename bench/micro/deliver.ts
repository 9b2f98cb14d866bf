// tsx bench/micro/deliver.ts: what one PUBLISH costs in the protocol core, from the decoded packet to the verbs out.
import { Buffer } from "node:buffer";
import { Connection } from "../../src/broker/connection.ts";
import { createBroker } from "../../src/broker/create-broker.ts";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import type { Outbox } from "../../src/broker/outbox.ts";
import { allowAll } from "../../src/broker/policy.ts";
import { noAcknowledgementProperties as none } from "../../src/mqtt/acknowledgement.ts";
import { parsePacket } from "../../src/mqtt/notation.ts";
import type { Publish } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { printTimings, type Sample } from "../timing.ts";

/** Does nothing, and remembers which Packet Identifiers must be acknowledged. */
class CountingOutbox implements Outbox {
  readonly delivered: { readonly connection: Connection; readonly packetIdentifier: number }[] = [];
  send(): boolean {
    return true;
  }
  sendAfterCommit(): boolean {
    return true;
  }
  deliver(connection: Connection, _shared: unknown, packetIdentifier: number): boolean {
    if (packetIdentifier > 0) this.delivered.push({ connection, packetIdentifier });
    return true;
  }
  deliverAfterCommit(connection: Connection, shared: unknown, packetIdentifier: number): boolean {
    return this.deliver(connection, shared, packetIdentifier);
  }
  persist(): void {}
  fetch(): void {}
  authenticate(): void {}
  confirmAfterCommit(): void {}
  pause(): void {}
  resume(): void {}
  close(): void {}
  observe(): void {}
}

printTimings("from PUBLISH to its deliveries, per delivery", [
  deliverSample("QoS 0, 1 subscriber", 0, 1, ""),
  deliverSample("QoS 0, 100 subscribers", 0, 100, ""),
  deliverSample("QoS 0, RETAIN, 1 subscriber", 0, 1, "", true),
  deliverSample("QoS 1, 1 subscriber, its PUBACK included", 1, 1, ""),
  deliverSample("QoS 1, 100 subscribers, their PUBACKs included", 1, 100, ""),
  deliverSample("QoS 1, 1 subscriber with a durable Session, its PUBACK included", 1, 1, " sessionExpiryInterval=3600"),
]);

function deliverSample(name: string, qos: 0 | 1, subscribers: number, more: string, retain = false): Sample {
  const outbox = new CountingOutbox();
  const broker = createBroker({
    outbox,
    policy: allowAll,
    limits: createLimits(),
    capabilities: allCapabilities,
    uniqueId: () => "",
    responseInformation: undefined,
  });
  broker.recovered(0);
  const connected = (clientId: string, properties: string): Connection => {
    const connection = new Connection();
    broker.opened(connection, 0);
    broker.received(connection, parsePacket(`CONNECT ${clientId} clean${properties}`), 0);
    const principal = { tenant: 0, name: clientId, roles: [], clientId };
    broker.verdict(connection, { kind: "accept", principal, authenticationData: undefined }, 0);
    return connection;
  };
  for (let index = 0; index < subscribers; index++) {
    const connection = connected(`subscriber-${index}`, more);
    broker.received(connection, parsePacket(`SUBSCRIBE #1 "devices/+/heart-rate" q${qos}`), 0);
  }
  const publisher = connected("publisher", "");
  const publish: Publish = {
    ...(parsePacket('PUBLISH "devices/collar-0042/heart-rate"') as Publish),
    qos,
    retain,
    packetIdentifier: qos === 0 ? 0 : 17,
    payload: Buffer.alloc(64, "x"),
  };
  return {
    name,
    count: subscribers,
    run: () => {
      broker.received(publisher, publish, 0);
      for (const { connection, packetIdentifier } of outbox.delivered) {
        broker.received(connection, { type: PacketType.Puback, packetIdentifier, reasonCode: 0, properties: none }, 0);
      }
      outbox.delivered.length = 0;
      return broker.counters;
    },
  };
}
