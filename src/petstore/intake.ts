import type { Logger } from "pino";
import type { IncomingMessage } from "../server/in-process.ts";
import type { Server } from "../server/options.ts";
import { notePresence } from "./devices.ts";
import { Refusal } from "./domain.ts";
import type { FeederReading, HealthReading, LocationReading } from "./events.ts";
import { noteHealth } from "./health.ts";
import { Follower, retryMilliseconds } from "./insider.ts";
import { deviceFilters, readDeviceMessage, type Timed } from "./readings.ts";
import type { PetStore } from "./store.ts";

/** What was measured last, as far as the process remembers. */
export interface LatestReadings {
  readonly health: ReadonlyMap<string, Timed<HealthReading>>;
  readonly location: ReadonlyMap<string, Timed<LocationReading>>;
  readonly feeder: ReadonlyMap<string, Timed<FeederReading>>;
}

/** Of so many pets or feeders each; then the one that was silent longest is forgotten. */
const latestMax = 10_000;

const sessionExpirySeconds = 7 * 24 * 3_600;

/**
 * Follows what devices say, in a Session that lasts: readings become alerts, presence is noted. What the store cannot keep
 * now is not acknowledged, so that it comes again.
 */
export class Intake {
  readonly #store: PetStore;
  readonly #now: () => number;
  readonly #latest = {
    health: new Map<string, Timed<HealthReading>>(),
    location: new Map<string, Timed<LocationReading>>(),
    feeder: new Map<string, Timed<FeederReading>>(),
  };
  readonly #follower: Follower;

  constructor(store: PetStore, log: Logger, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#follower = new Follower({
      clientId: "petstore-intake",
      sessionExpirySeconds,
      topicFilters: deviceFilters,
      handler: (message) => this.#take(message),
      log,
    });
  }

  get latest(): LatestReadings {
    return this.#latest;
  }

  async start(server: Server): Promise<void> {
    await this.#follower.start(server);
  }

  async stop(): Promise<void> {
    await this.#follower.stop();
  }

  async #take(incoming: IncomingMessage): Promise<void> {
    const message = readDeviceMessage(incoming.topicName, incoming.text(), this.#now());
    if (message === undefined) return;
    const { id } = message;
    if (message.kind === "presence") {
      const { state, firmware } = message.presence;
      await this.#keep(() => this.#store.perform(notePresence(id, state, firmware)));
      return;
    }
    // Of what the store does not know nothing is remembered.
    if (message.kind === "feeder" ? !this.#store.state.devices.has(id) : !this.#store.state.pets.has(id)) return;
    remember<Timed<object>>(this.#latest[message.kind], id, message.readings.at(-1)!);
    if (message.kind !== "health") return;
    await this.#keep(() => this.#store.perform(noteHealth(id, message.readings)));
  }

  async #keep(perform: () => Promise<unknown>): Promise<void> {
    for (let result = await perform(); result instanceof Refusal; result = await perform()) {
      if (this.#follower.isStopped) throw new Error(result.sentence);
      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
    }
  }
}

function remember<Reading extends { readonly at: number }>(
  readings: Map<string, Reading>,
  id: string,
  reading: Reading,
): void {
  const known = readings.get(id);
  if (known !== undefined && known.at > reading.at) return;
  readings.delete(id);
  readings.set(id, reading);
  const [first] = readings.keys();
  if (readings.size > latestMax && first !== undefined) readings.delete(first);
}
