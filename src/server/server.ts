import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Broker } from "../broker/broker.ts";
import { createBroker } from "../broker/create-broker.ts";
import type { Recovered } from "../broker/mutation.ts";
import type { Observation } from "../broker/observation.ts";
import { ChunkPool } from "../net/chunk-pool.ts";
import type { LinkOptions } from "../net/link.ts";
import { type Listener, openListener } from "../net/listener.ts";
import { LinkedConnection } from "./linked-connection.ts";
import { logObservation } from "./log-observation.ts";
import type { ListenerAddress, ListenerOptions, Peer, Server, ServerOptions } from "./options.ts";
import { SpaceWatch } from "./space-watch.ts";
import { SysTopics } from "./sys-topics.ts";
import { Turn } from "./turn.ts";

/** How long Clients may take to read their DISCONNECT and go. */
const drainMillisecondsMax = 5_000;

/** How long a store that refuses is asked again before what it refuses is given up. */
const settleMillisecondsMax = 10_000;

/**
 * Starts a server: broker, store, doors.
 * @throws Error with a sentence that says what to do when a listener cannot be opened; the others are closed again
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const server = new RunningServer(options);
  await server.open();
  return server;
}

class RunningServer implements Server {
  readonly #options: ServerOptions;
  readonly #turn: Turn;
  readonly #broker: Broker;
  readonly #spaceWatch: SpaceWatch;
  readonly #linkOptions: LinkOptions;
  readonly #connections: Set<LinkedConnection> = new Set();
  readonly #listeners: Listener[] = [];
  readonly #addresses: ListenerAddress[] = [];
  #sockets = 0;
  #connects = 0;
  #sysInterval: NodeJS.Timeout | undefined = undefined;
  /** Called when the last connection is gone. */
  #emptied: (() => void) | undefined = undefined;
  #closed: Promise<void> | undefined = undefined;

  constructor(options: ServerOptions) {
    const { limits } = options;
    this.#options = options;
    this.#turn = new Turn({
      store: options.store,
      authenticator: options.authenticator,
      log: options.log,
      unflushedBytesMax: limits.unflushedBytesMax,
      observe: (observation) => this.#observe(observation),
      fail: (error) => this.#fail(error),
      forget: (connection) => this.#forget(connection),
    });
    this.#broker = createBroker({
      outbox: this.#turn,
      policy: options.policy,
      limits,
      capabilities: options.capabilities,
      uniqueId: randomUUID,
      responseInformation: options.responseInformation,
    });
    this.#turn.attach(this.#broker);
    this.#spaceWatch = new SpaceWatch(options.spaceProblem, options.log, (state) => this.#turn.spaceState(state));
    this.#linkOptions = {
      pool: new ChunkPool(),
      traffic: { bytesReceived: 0, bytesSent: 0 },
      packetBytesMax: limits.packetBytesMax,
      linkBytesMax: limits.linkBytesMax,
    };
  }

  get addresses(): readonly ListenerAddress[] {
    return this.#addresses;
  }

  async open(): Promise<void> {
    try {
      await this.#recover();
      for (const listener of this.#options.listeners) await this.#openListener(listener);
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#options.sysIntervalSeconds > 0) this.#startSysTopics(this.#options.sysIntervalSeconds);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** What the store kept comes before the first connection. */
  async #recover(): Promise<void> {
    let past = 0;
    for await (const rows of this.#options.store.load()) {
      past = rows.reduce((latest, row) => Math.max(latest, timeOf(row)), past);
      this.#broker.recover(rows);
    }
    this.#turn.notBefore(past);
    this.#broker.recovered(this.#turn.now());
    this.#turn.verbEnded();
    this.#spaceWatch.start();
  }

  async #openListener(options: ListenerOptions): Promise<void> {
    const { log, limits } = this.#options;
    const { protocol, host } = options;
    const listener = await openListener(
      { ...options, handshakeTimeoutSeconds: limits.connectTimeoutSeconds },
      {
        accepted: (socket) => this.#accept(socket, { remoteAddress: socket.remoteAddress ?? "", protocol }),
        handshakeFailed: (error, remoteAddress) => log.debug({ err: error, remoteAddress }, "a TLS handshake failed"),
        acceptFailed: (sentence) => log.error(sentence),
      },
    );
    this.#listeners.push(listener);
    this.#addresses.push({ protocol, host, port: listener.port });
  }

  #accept(socket: Socket, peer: Peer): void {
    this.#sockets += 1;
    const connection = new LinkedConnection(socket, peer, this.#turn, this.#linkOptions);
    this.#connections.add(connection);
    connection.open();
  }

  #forget(connection: LinkedConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  #observe(observation: Observation): void {
    if (observation.kind === "connected" || observation.kind === "connectRefused") this.#connects += 1;
    logObservation(this.#options.log, observation);
  }

  /** What is in memory cannot be trusted, or what is on disk is unknown: the next start reads what was kept. */
  #fail(error: unknown): void {
    this.#options.log.fatal({ err: error }, "the server cannot go on");
    process.exit(1);
  }

  #startSysTopics(intervalSeconds: number): void {
    const { traffic } = this.#linkOptions;
    const startedAt = performance.now();
    const topics = new SysTopics(ownVersion(), (message) => {
      this.#broker.publish(undefined, message, undefined, this.#turn.now());
    });
    const update = (): void => {
      topics.update({
        counters: this.#broker.counters,
        ...traffic,
        sockets: this.#sockets,
        connects: this.#connects,
        heapBytes: process.memoryUsage().heapUsed,
        uptimeSeconds: (performance.now() - startedAt) / 1_000,
      });
      this.#turn.verbEnded();
    };
    update();
    this.#sysInterval = setInterval(update, intervalSeconds * 1_000).unref();
  }

  async #close(): Promise<void> {
    clearInterval(this.#sysInterval);
    this.#spaceWatch.stop();
    const listenersClosed = Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#broker.drain(undefined, this.#turn.now());
    this.#turn.verbEnded();
    await within(drainMillisecondsMax, this.#connectionsGone());
    for (const listener of this.#listeners) listener.destroy();
    await listenersClosed;
    const isSettled = await within(settleMillisecondsMax, this.#turn.settled());
    if (!isSettled) this.#options.log.error("the store refuses the last changes; they are lost");
    this.#turn.stop();
    await this.#options.store.close();
  }

  #connectionsGone(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
    });
  }
}

/** The time at which it was kept, as far as it says; 0 when it does not. */
function timeOf(row: Recovered): number {
  if (row.kind === "alive") return row.at;
  return row.kind === "putSession" ? row.disconnectedAt : 0;
}

/** Whether it came to its end in time. */
async function within(milliseconds: number, work: Promise<void>): Promise<boolean> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timeout = setTimeout(() => resolve(false), milliseconds);
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timeout);
  return inTime;
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}
