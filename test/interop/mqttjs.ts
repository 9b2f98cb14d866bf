import { type EventEmitter, once } from "node:events";
import { type IClientOptions, type IPublishPacket, type MqttClient, connect as open } from "mqtt";

const waitMillisecondsMax = 10_000;

/** What a client received, in order, with a way to wait for it. */
export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly packet: IPublishPacket;
}

/** One MQTT.js client whose messages are kept. It never reconnects by itself. */
export interface TestClient {
  readonly client: MqttClient;
  readonly sessionPresent: boolean;
  readonly connack: { readonly reasonCode?: number; readonly properties?: Record<string, unknown> };
  readonly received: readonly Received[];
  /** Resolves when `count` messages have come in all, with the messages. */
  receivedCount(count: number): Promise<readonly Received[]>;
}

const openClients = new Set<MqttClient>();

/** Connects, and rejects with the error of the CONNACK. */
export async function connect(url: string, options: IClientOptions): Promise<TestClient> {
  const client = open(url, { reconnectPeriod: 0, connectTimeout: waitMillisecondsMax, ...options });
  openClients.add(client);
  const received: Received[] = [];
  // From the start: a resumed Session sends right behind its CONNACK.
  client.on("message", (topic, payload, packet) => received.push({ topic, payload: payload.toString(), packet }));
  const [connack] = await once(emitter(client), "connect", { signal: AbortSignal.timeout(waitMillisecondsMax) });
  client.on("error", () => {});
  return {
    client,
    connack,
    sessionPresent: connack.sessionPresent,
    received,
    receivedCount: async (count) => {
      const signal = AbortSignal.timeout(waitMillisecondsMax);
      while (received.length < count) {
        await once(emitter(client), "message", { signal }).catch(() => {
          throw new Error(`${received.length} of ${count} messages came: ${received.map(({ topic }) => topic)}`);
        });
      }
      return received;
    },
  };
}

/** Resolves with the first argument of the event, rejects when it does not come in time. */
export function event(client: MqttClient, name: "disconnect" | "close"): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`no ${name}`)), waitMillisecondsMax);
    emitter(client).once(name, (first: unknown) => {
      clearTimeout(timeout);
      resolve(first);
    });
  });
}

/** Cuts every connection that a test has left open. */
export function closeClients(): void {
  for (const client of openClients) client.end(true);
  openClients.clear();
}

/** Its own type is stricter than what `once` takes. */
function emitter(client: MqttClient): EventEmitter {
  return client as unknown as EventEmitter;
}
