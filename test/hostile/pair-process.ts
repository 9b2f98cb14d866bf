// Two well-behaved clients in a process of their own: 100 messages a second at QoS 1 from one to the other, all the time.
import { EventEmitter, once } from "node:events";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import type { PairOrder, PairReport } from "./settings.ts";

const periodMilliseconds = 10;
/** How long the last message may take. */
const lateMillisecondsMax = 20_000;

/** Both clients of one pair, and what they see. */
class Pair {
  readonly #publisher: MqttClient;
  readonly #subscriber: MqttClient;
  readonly #sentAt: Map<number, number> = new Map();
  readonly #arrivals: EventEmitter = new EventEmitter();
  #interval: NodeJS.Timeout | undefined = undefined;
  #number = 0;
  #sent = 0;
  #received = 0;
  #slowest = 0;

  private constructor(publisher: MqttClient, subscriber: MqttClient) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    subscriber.on("message", (_topic, payload) => this.#arrived(Number(payload.toString())));
  }

  static async connect(port: number, hasAccounts: boolean): Promise<Pair> {
    const credentials = hasAccounts ? { username: "pair", password: "pair" } : {};
    const options: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0, ...credentials };
    const url = `mqtt://127.0.0.1:${port}`;
    const publisher = await connectAsync(url, { ...options, clientId: "pair-publisher" });
    const subscriber = await connectAsync(url, { ...options, clientId: "pair-subscriber" });
    await subscriber.subscribeAsync("pair/messages", { qos: 1 });
    return new Pair(publisher, subscriber);
  }

  measure(): void {
    this.#sent = 0;
    this.#received = 0;
    this.#slowest = 0;
    this.#interval ??= setInterval(() => this.#publish(), periodMilliseconds);
  }

  async stop(): Promise<PairReport> {
    clearInterval(this.#interval);
    this.#interval = undefined;
    if (this.#sentAt.size > 0) {
      const signal = AbortSignal.timeout(lateMillisecondsMax);
      await once(this.#arrivals, "last", { signal }).catch(() => {});
    }
    return { sent: this.#sent, received: this.#received, slowestMilliseconds: this.#slowest };
  }

  async leave(): Promise<void> {
    await Promise.all([this.#publisher.endAsync(true), this.#subscriber.endAsync(true)]);
  }

  #publish(): void {
    this.#number += 1;
    this.#sent += 1;
    this.#sentAt.set(this.#number, performance.now());
    this.#publisher.publish("pair/messages", String(this.#number), { qos: 1 });
  }

  /** Told once for each message, and to nobody else: QoS 1 may bring one twice. */
  #arrived(number: number): void {
    const sentAt = this.#sentAt.get(number);
    if (sentAt === undefined) return;
    this.#sentAt.delete(number);
    this.#received += 1;
    this.#slowest = Math.max(this.#slowest, performance.now() - sentAt);
    if (this.#sentAt.size === 0) this.#arrivals.emit("last");
  }
}

let pair: Pair | undefined;

process.on("disconnect", () => process.exit(0));
process.on("message", (order: PairOrder) => {
  void follow(order).then((answer) => process.send?.(answer));
});
process.send?.("here");

async function follow(order: PairOrder): Promise<PairReport | string> {
  if (typeof order === "object") pair = await Pair.connect(order.port, order.hasAccounts);
  if (order === "measure") pair?.measure();
  if (order === "leave") await pair?.leave();
  if (order === "stop" && pair !== undefined) return await pair.stop();
  return "done";
}
