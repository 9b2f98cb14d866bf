// node --import tsx subscriber-process.ts FILE
// A subscriber at QoS 2 whose memory is a file: a message is written there before PUBREC is sent, and so is its release.
// Reads ports from stdin and connects there; says "connected" once it has its subscriptions.
import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { createInterface } from "node:readline";
import { decode, encode } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import { packetBytesMax } from "../../src/mqtt/limits.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { Writer } from "../../src/mqtt/writer.ts";
import { acknowledgement, connect, request, subscribe } from "../mqtt/packets.ts";
import { heldBy } from "./subscriber-ledger.ts";

const [file = ""] = process.argv.slice(2);
if (existsSync(file)) truncateSync(file, readFileSync(file).lastIndexOf("\n") + 1);
const held = heldBy(existsSync(file) ? readFileSync(file, "utf8") : "");
const writer = new Writer();

for await (const line of createInterface({ input: process.stdin })) open(Number(line));

function open(port: number): void {
  const socket = connectSocket({ port, host: "localhost" });
  const framer = new Framer(packetBytesMax);
  const send = (packet: Packet): void => {
    encode(packet, ProtocolVersion.V5, writer);
    socket.write(Buffer.from(writer.bytes()));
    writer.position = 0;
  };
  socket.on("error", () => {});
  socket.on("connect", () =>
    send(connect({ clientId: "ledger", properties: { sessionExpiryIntervalSeconds: 3_600 } })),
  );
  socket.on("data", (chunk: Buffer) => {
    framer.push(chunk);
    while (framer.next()) received(decode(framer.firstByte, framer.reader, ProtocolVersion.V5), send);
  });
}

function received(packet: Packet, send: (packet: Packet) => void): void {
  switch (packet.type) {
    case PacketType.Connack: {
      const filters = ["payments/+/status", "orders/+/status", "orders/+/payment", "inventory/+/stock"];
      const subscriptions = filters.map((topicFilter) => request({ topicFilter, qos: 2, retainHandling: 2 }));
      if (packet.sessionPresent) process.stdout.write("connected\n");
      else send(subscribe({ packetIdentifier: 1, subscriptions }));
      return;
    }
    case PacketType.Suback:
      process.stdout.write("connected\n");
      return;
    case PacketType.Publish: {
      const { packetIdentifier, topicName, payload, qos } = packet;
      if (!held.has(packetIdentifier)) {
        held.add(packetIdentifier);
        appendFileSync(file, `+ ${packetIdentifier} ${qos} ${topicName} ${Buffer.from(payload).toString()}\n`);
      }
      send(acknowledgement(PacketType.Pubrec, { packetIdentifier }));
      return;
    }
    case PacketType.Pubrel:
      held.delete(packet.packetIdentifier);
      appendFileSync(file, `- ${packet.packetIdentifier}\n`);
      send(acknowledgement(PacketType.Pubcomp, { packetIdentifier: packet.packetIdentifier }));
      return;
    case PacketType.Disconnect:
      // It closes.
      if (packet.reasonCode !== ReasonCode.ServerShuttingDown)
        process.stderr.write(`sent away: ${packet.reasonCode}\n`);
      return;
    default:
      throw new Error(`a packet of type ${packet.type}`);
  }
}
