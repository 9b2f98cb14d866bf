import { randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import { FairShare } from "../base/fair-share.ts";
import type { Broker } from "../broker/broker.ts";
import type { ConnectionLimits } from "../broker/connection.ts";
import { createBroker } from "../broker/create-broker.ts";
import type { Recovered } from "../broker/mutation.ts";
import type { Observation } from "../broker/observation.ts";
import type { Lost } from "../broker/replay.ts";
import { type DisconnectReasonCode, ReasonCode } from "../mqtt/reason-code.ts";
import type { ByteStream } from "../net/byte-stream.ts";
import { ChunkPool } from "../net/chunk-pool.ts";
import { IncompletePackets } from "../net/incomplete-packets.ts";
import { Link, type LinkOptions } from "../net/link.ts";
import { type Listener, openListener, type Protocol } from "../net/listener.ts";
import type { TlsMaterial } from "../net/tls-settings.ts";
import { answer, type Row } from "./answer.ts";
import { attachTo } from "./attach.ts";
import { CertifiedConnections } from "./certified-connections.ts";
import { defaultPath } from "./config.ts";
import type { DeadLetterRequest } from "./dead-letter-request.ts";
import { type Deferred, defer } from "./deferred.ts";
import { EndedBroker } from "./ended-broker.ts";
import type { Client, ConnectOptions, Identity, OutgoingMessage } from "./in-process.ts";
import { type InsiderPrincipals, Insiders, orInsiders } from "./insiders.ts";
import { LinkedConnection } from "./linked-connection.ts";
import { listenAt } from "./listen-at.ts";
import type { LocalConnection, PacketReceiver } from "./local-connection.ts";
import { ObservationLog } from "./log-observation.ts";
import { Losses } from "./losses.ts";
import type { HttpApplication, ListenerAddress, ListenerOptions, Peer, Server, ServerOptions } from "./options.ts";
import type { Question } from "./question.ts";
import { ServerEmitter } from "./server-events.ts";
import { SpaceWatch } from "./space-watch.ts";
import { SysInterval } from "./sys-interval.ts";
import { Turn } from "./turn.ts";
import { urlOf } from "./urls.ts";
import { within } from "./within.ts";

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

class RunningServer extends ServerEmitter implements Server {
  readonly #options: ServerOptions;
  readonly #turn: Turn;
  readonly #broker: Broker;
  readonly #spaceWatch: SpaceWatch;
  readonly #losses: Losses;
  readonly #observationLog: ObservationLog;
  readonly #linkOptions: LinkOptions;
  readonly #connections: Set<LinkedConnection> = new Set();
  readonly #certified: CertifiedConnections = new CertifiedConnections((connection, problem) => {
    const now = this.#turn.now();
    this.#turn.guarded(() => {
      this.#turn.broker.disconnectConnection(connection, ReasonCode.NotAuthorized, problem, now);
    });
  });
  /** In the order of the options. */
  readonly #listeners: Listener[] = [];
  readonly #addresses: ListenerAddress[] = [];
  #http: HttpApplication | undefined = undefined;
  /** All listeners are open, and none is closing. */
  #isOpen = false;
  #sockets = 0;
  #connects = 0;
  #sysInterval: SysInterval | undefined = undefined;
  /** Called when the last connection is gone. */
  #emptied: (() => void) | undefined = undefined;
  readonly #insiders: Insiders;
  readonly #over: Deferred<void> = defer();
  /** Rejected when the server cannot go on. */
  readonly #failed: Deferred<never> = defer();
  #isClosing = false;
  /** What undoes each attachment. */
  readonly #attached: Set<() => void> = new Set();

  constructor(options: ServerOptions) {
    super();
    const { limits } = options;
    const principals: InsiderPrincipals = new WeakMap();
    this.#losses = new Losses(options);
    this.#observationLog = new ObservationLog(options.log);
    this.#options = options;
    this.#turn = new Turn({
      store: options.store,
      authenticator: orInsiders(options.authenticator, principals),
      log: options.log,
      unflushedBytesMax: limits.unflushedBytesMax,
      observe: (observation) => this.#observe(observation),
      storeStateChanged: (state) => this.storeStateChanged(state),
      fail: (error) => this.#fail(error),
      forget: (connection) => this.#forget(connection),
    });
    this.#broker = createBroker({
      outbox: this.#turn,
      policy: options.policy,
      limits,
      capabilities: options.capabilities,
      queueOverflow: options.queueOverflow,
      uniqueId: randomUUID,
      responseInformation: options.responseInformation,
      storeIsInMemory: options.store.isInMemory ?? false,
    });
    this.#turn.attach(this.#broker);
    this.#insiders = new Insiders({
      turn: this.#turn,
      limits,
      log: options.log,
      principals,
      opened: (connection) => this.#connections.add(connection),
    });
    // Whoever waits for it hears it; nobody need.
    this.#failed.promise.catch(() => {});
    this.#spaceWatch = new SpaceWatch(options.spaceProblem, options.log, (state) => this.#turn.spaceState(state));
    this.#linkOptions = {
      pool: new ChunkPool(),
      traffic: { bytesReceived: 0, bytesSent: 0 },
      packetBytesMax: limits.packetBytesMax,
      connectBytesMax: limits.connectBytesMax,
      linkBytesMax: limits.linkBytesMax,
      incomplete: new IncompletePackets(limits.incompleteBytesMax),
      unsent: new FairShare(limits.unsentBytesMax),
    };
  }

  get addresses(): readonly ListenerAddress[] {
    return this.#addresses;
  }

  get url(): string {
    const [first] = this.#addresses;
    if (first === undefined) throw new Error("the server has no listeners; add one, or connect inside the process");
    return urlOf(first);
  }

  async open(): Promise<void> {
    try {
      await this.#recover();
      await this.#openListeners();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#options.certificateWatch?.start((door, material) => this.#replaceTls(door, material));
    this.#options.tokenKeysWatch?.start();
    this.#options.policyWatch?.start((policy) => {
      this.#turn.guarded(() => this.#turn.broker.policyChanged(policy, this.#turn.now()));
    });
    this.#options.accountsWatch?.start((names, reasonCode, reasonString) => {
      const ended = this.#broker.disconnectPrincipals(0, names, reasonCode, reasonString, this.#turn.now());
      this.#turn.verbEnded();
      return ended;
    });
    if (this.#options.sysIntervalSeconds > 0) this.#startSysTopics(this.#options.sysIntervalSeconds);
  }

  inspect(question: Question): AsyncIterable<readonly Row[]> | undefined {
    const { store, limits } = this.#options;
    const { refusals } = this.#losses;
    const inspection = this.#turn.broker.inspect(0);
    return answer(question, { inspection, store, refusals, sliceMax: limits.sliceMax, now: () => this.#turn.now() });
  }

  deadLetters(request: DeadLetterRequest): AsyncIterable<readonly Row[]> {
    return this.#losses.answer(request, (lost) => this.#replay(lost));
  }

  publish(message: OutgoingMessage, { principal }: { readonly principal?: Identity } = {}): Promise<ReasonCode> {
    return this.#insiders.publish(message, principal);
  }

  connect(options: ConnectOptions = {}): Promise<Client> {
    return this.#insiders.connect(options);
  }

  openConnection(receiver: PacketReceiver, { principal }: { readonly principal?: Identity } = {}): LocalConnection {
    return this.#insiders.open(receiver, principal);
  }

  attach(httpServer: EventEmitter, { path = defaultPath }: { readonly path?: string } = {}): () => void {
    const { limits, loopbackOriginsOnly = false } = this.#options;
    const upgrade = { path, packetBytesMax: limits.packetBytesMax, loopbackOriginsOnly };
    const detach = attachTo(httpServer, upgrade, (stream, peer) => {
      this.#accept(stream, peer, this.#linkOptions, limits);
    });
    this.#attached.add(detach);
    return () => {
      this.#attached.delete(detach);
      detach();
    };
  }

  disconnect(clientId: string, reasonCode: DisconnectReasonCode = ReasonCode.AdministrativeAction): boolean {
    const isConnected = this.#turn.broker.disconnect(0, clientId, reasonCode, undefined, this.#turn.now());
    this.#turn.verbEnded();
    return isConnected;
  }

  get closed(): Promise<void> {
    return this.#over.promise;
  }

  close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#close().then(this.#over.resolve, this.#over.reject);
    }
    return this.closed;
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

  async #openListeners(): Promise<void> {
    const { listeners, http } = this.#options;
    const hasHttp = listeners.some(({ protocol }) => isWebSocket(protocol));
    if (hasHttp && http !== undefined) this.#http = await http({ notReady: () => this.#notReady() });
    for (const listener of listeners) await this.#openListener(listener);
    this.#isOpen = true;
  }

  async #openListener(options: ListenerOptions): Promise<void> {
    const { log, limits } = this.#options;
    const { protocol, host } = options;
    const at = listenAt(options, limits);
    const own = { packetBytesMax: at.upgrade.packetBytesMax, connectTimeoutSeconds: at.connectTimeoutSeconds };
    const linkOptions = { ...this.#linkOptions, packetBytesMax: own.packetBytesMax };
    const listener = await openListener(at, {
      accepted: (stream, source) => {
        const connection = this.#accept(stream, { ...source, protocol }, linkOptions, own);
        if (source.certificate !== undefined) this.#certified.add(connection, options);
      },
      requested: (request, response) => {
        if (this.#http === undefined) response.writeHead(404).end();
        else this.#http.answer(request, response);
      },
      handshakeFailed: (error, remoteAddress) => log.debug({ err: error, remoteAddress }, "a TLS handshake failed"),
      refused: (sentence) => log.warn(sentence),
      acceptFailed: (sentence) => log.error(sentence),
    });
    this.#listeners.push(listener);
    const path = isWebSocket(protocol) ? { path: at.upgrade.path } : {};
    this.#addresses.push({ protocol, host, port: listener.port, ...path });
  }

  #notReady(): string | undefined {
    if (!this.#isOpen) return "The listeners are not open";
    return this.#turn.isStoreReady ? undefined : "The store takes nothing new";
  }

  /** New connections are held to it at once, those that stand a moment later. */
  #replaceTls(door: ListenerOptions, material: TlsMaterial): void {
    this.#listeners[this.#options.listeners.indexOf(door)]?.replaceTls(material);
    this.#certified.holdTo(door, material).catch((error: unknown) => this.#fail(error));
  }

  #accept(stream: ByteStream, peer: Peer, linkOptions: LinkOptions, limits: ConnectionLimits): LinkedConnection {
    this.#sockets += 1;
    const connection = new LinkedConnection(peer, this.#turn, (owner) => new Link(stream, owner, linkOptions), limits);
    this.#connections.add(connection);
    connection.open();
    return connection;
  }

  #forget(connection: LinkedConnection): void {
    this.#connections.delete(connection);
    this.#certified.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  #observe(observation: Observation): void {
    if (observation.kind === "connected" || observation.kind === "connectRefused") this.#connects += 1;
    this.#losses.observed(observation);
    this.#observationLog.write(observation);
    this.observed(observation);
  }

  #replay(lost: Lost): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#turn.guarded(() => {
        const ticket = { settled: () => resolve(undefined) };
        const problem = this.#turn.broker.replay(0, lost, ticket, this.#turn.now());
        if (problem !== undefined) resolve(problem);
      });
    });
  }

  /**
   * What is in memory cannot be trusted, or what is on disk is unknown: nothing is promised from here on, and the next
   * start reads what was kept.
   */
  #fail(error: unknown): void {
    if (this.#failed.isSettled()) return;
    this.#failed.reject(error);
    this.#options.log.fatal({ err: error }, "the server cannot go on");
    this.#turn.attach(new EndedBroker());
    for (const connection of this.#connections) connection.link.destroy();
    this.hasFailed(error);
    void this.close();
  }

  #startSysTopics(intervalSeconds: number): void {
    const { traffic } = this.#linkOptions;
    const topics = new SysInterval(
      (message) => {
        this.#broker.publish(undefined, message, undefined, this.#turn.now());
      },
      () => ({
        counters: this.#broker.counters,
        ...traffic,
        sockets: this.#sockets,
        connects: this.#connects,
        ...this.#losses.counts,
      }),
      () => this.#turn.verbEnded(),
    );
    topics.start(intervalSeconds);
    this.#sysInterval = topics;
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    this.#sysInterval?.stop();
    this.#spaceWatch.stop();
    this.#options.certificateWatch?.stop();
    this.#options.accountsWatch?.stop();
    this.#options.policyWatch?.stop();
    this.#options.tokenKeysWatch?.stop();
    for (const detach of this.#attached) detach();
    const listenersClosed = Promise.all(this.#listeners.map((listener) => listener.close()));
    await this.#drain();
    for (const listener of this.#listeners) listener.destroy();
    await listenersClosed;
    await this.#http?.close();
    const isLate = await this.#isLate(settleMillisecondsMax, this.#turn.settled());
    if (isLate) this.#options.log.error("the store refuses the last changes; they are lost");
    this.#insiders.end();
    this.#turn.stop();
    await within(settleMillisecondsMax, this.#losses.close()).catch(() => {});
    if (!this.#failed.isSettled()) return await this.#options.store.close();
    // Nobody knows what it would say; why the server failed is what people should hear.
    await within(settleMillisecondsMax, this.#options.store.close()).catch(() => {});
    await this.#failed.promise;
  }

  /** The program comes first: it may still acknowledge and publish. Then the Clients hear it. */
  async #drain(): Promise<void> {
    const isLate = await this.#isLate(drainMillisecondsMax, this.#insiders.settle());
    if (isLate) this.#options.log.warn("messages that the program did not finish with will come again");
    this.#turn.guarded(() => this.#turn.broker.drain(undefined, this.#turn.now()));
    await this.#isLate(drainMillisecondsMax, this.#connectionsGone());
  }

  /** Waits for it, and says whether it took too long; a server that failed waits for nothing. */
  async #isLate(milliseconds: number, work: Promise<void>): Promise<boolean> {
    const isInTime = await within(milliseconds, work, this.#failed.promise);
    return !isInTime && !this.#failed.isSettled();
  }

  #connectionsGone(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
    });
  }
}

function isWebSocket(protocol: Protocol): boolean {
  return protocol === "ws" || protocol === "wss";
}

/** The time at which it was kept, as far as it says; 0 when it does not. */
function timeOf(row: Recovered): number {
  if (row.kind === "alive") return row.at;
  return row.kind === "putSession" ? row.disconnectedAt : 0;
}
