import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import mqttPacket from "mqtt-packet";

/** Which deliveries the broker spoils, counted from 1 over all its subscribers. */
export interface Faults {
  readonly lose?: number;
  readonly repeat?: number;
  /** This one is delivered after its successor. */
  readonly delay?: number;
  /** This PUBLISH is acknowledged with Packet Identifier 60,000. */
  readonly misacknowledge?: number;
  /** SUBACK code, instead of the QoS asked for. */
  readonly subackCode?: number;
  /** This delivery goes to every connection, asked for or not. */
  readonly misroute?: number;
}

/** What else it is told. */
export interface ForwardingOptions {
  /** PEM: it speaks TLS. */
  readonly pair?: { readonly cert: string; readonly key: string };
  /** Hears every packet that comes. */
  readonly heard?: (packet: mqttPacket.Packet) => void;
}

/** A broker of a few lines that forwards by Topic Name, or with `+` for its number, at QoS 0 and acknowledges QoS 1, with faults on demand. */
export async function startForwardingBroker(
  faults: Faults,
  { pair, heard }: ForwardingOptions = {},
): Promise<{ port: number; close: () => Promise<void> }> {
  const subscribers = new Map<string, Set<Socket>>();
  const sockets = new Set<Socket>();
  const counts = { deliveries: 0, publishes: 0 };
  let delayed: (() => void) | undefined;

  const deliver = (to: Socket, bytes: Buffer): void => {
    counts.deliveries++;
    if (counts.deliveries === faults.lose) return;
    if (counts.deliveries === faults.delay) {
      delayed = () => to.write(bytes);
      return;
    }
    const targets = counts.deliveries === faults.misroute ? sockets : [to];
    for (const target of targets) target.write(bytes);
    if (counts.deliveries === faults.repeat) to.write(bytes);
    delayed?.();
    delayed = undefined;
  };

  const receive = (socket: Socket, packet: mqttPacket.Packet): void => {
    heard?.(packet);
    if (packet.cmd === "connect") socket.write(Buffer.from([0x20, 2, 0, 0]));
    if (packet.cmd === "subscribe") {
      for (const { topic } of packet.subscriptions) {
        if (!subscribers.has(topic)) subscribers.set(topic, new Set());
        subscribers.get(topic)!.add(socket);
      }
      const granted = packet.subscriptions.map(({ qos }) => faults.subackCode ?? qos);
      socket.write(mqttPacket.generate({ cmd: "suback", messageId: packet.messageId!, granted }));
    }
    if (packet.cmd === "publish") {
      counts.publishes++;
      if (packet.qos === 1) {
        const messageId = counts.publishes === faults.misacknowledge ? 60_000 : packet.messageId!;
        socket.write(mqttPacket.generate({ cmd: "puback", messageId }));
      }
      const bytes = mqttPacket.generate(packet);
      const level = packet.topic.replace(/\d+/, "+");
      for (const filter of [packet.topic, level]) {
        for (const subscriber of subscribers.get(filter) ?? []) deliver(subscriber, bytes);
      }
    }
  };

  const arrived = (socket: Socket): void => {
    sockets.add(socket);
    const parser = mqttPacket.parser();
    parser.on("packet", (packet) => receive(socket, packet));
    socket.on("data", (chunk) => parser.parse(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const server: Server = pair === undefined ? createServer(arrived) : createTlsServer(pair, arrived);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { port: (server.address() as AddressInfo).port, close };
}
