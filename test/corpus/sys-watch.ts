import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { connectAsync, type MqttClient } from "mqtt";

const prefix = "$SYS/broker/";

/** What a broker holds of others, by the names of `$SYS`. */
const kept = [
  "clients/connected",
  "clients/total",
  "subscriptions/count",
  "shared_subscriptions/count",
  "retained messages/count",
  "store/messages/count",
];

/** The last of every round, and always another one. */
const pulse = "load/bytes/sent/15min";

/** How long a count may take to come back, ms. */
const returnMillisecondsMax = 5_000;

/** Reads over MQTT what a running broker says that it holds. */
export class SysWatch {
  readonly #client: MqttClient;
  readonly #said = new Map<string, string>();
  readonly #rounds = new EventEmitter();

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => {
      const name = topic.slice(prefix.length);
      this.#said.set(name, payload.toString());
      if (name === pulse) this.#rounds.emit("round");
    });
  }

  static async open(port: number): Promise<SysWatch> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, clientId: "watch" });
    const watch = new SysWatch(client);
    await client.subscribeAsync(`${prefix}#`);
    return watch;
  }

  /** The counts of a round that began after this call. */
  async fresh(): Promise<Readonly<Record<string, string>>> {
    // The first may have begun before.
    for (let rounds = 0; rounds < 2; rounds += 1) {
      await once(this.#rounds, "round", { signal: AbortSignal.timeout(returnMillisecondsMax) });
    }
    return Object.fromEntries(kept.map((name) => [name, this.#said.get(name) ?? ""]));
  }

  /** Waits until the counts are these. */
  async becomes(counts: Readonly<Record<string, string>>): Promise<void> {
    const until = performance.now() + returnMillisecondsMax;
    for (;;) {
      const found = await this.fresh();
      if (kept.every((name) => found[name] === counts[name])) return;
      if (performance.now() > until) assert.deepEqual(found, counts);
    }
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
