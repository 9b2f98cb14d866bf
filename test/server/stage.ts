import { EventEmitter, once } from "node:events";
import { type Logger, pino } from "pino";
import { FairShare } from "../../src/base/fair-share.ts";
import type { AuthenticationRequest, Verdict } from "../../src/broker/authentication.ts";
import type { Broker, FetchedMessage } from "../../src/broker/broker.ts";
import type { Connection } from "../../src/broker/connection.ts";
import { type Counters, createCounters } from "../../src/broker/counters.ts";
import type { Inspection } from "../../src/broker/inspection.ts";
import type { Mutation } from "../../src/broker/mutation.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { ChunkPool } from "../../src/net/chunk-pool.ts";
import { IncompletePackets } from "../../src/net/incomplete-packets.ts";
import { Link } from "../../src/net/link.ts";
import { LinkedConnection } from "../../src/server/linked-connection.ts";
import type { Peer } from "../../src/server/options.ts";
import { Turn, type TurnOptions } from "../../src/server/turn.ts";
import type { Store, StoredMessage } from "../../src/store/store.ts";
import { connectPair, type Pair } from "../net/pair.ts";

/** A broker that does what a test tells it, and remembers the verbs that came in. */
export class FakeBroker extends EventEmitter implements Broker {
  readonly counters: Counters = createCounters();
  readonly heard: string[] = [];
  readonly times: number[] = [];
  readonly failures: unknown[] = [];
  readonly verdicts: Verdict[] = [];
  readonly fetches: [owner: number, numbers: (number | undefined)[]][] = [];
  deadline: number = Number.POSITIVE_INFINITY;
  onReceived: (connection: Connection, packet: Packet) => void = () => {};
  onFailed: (connection: Connection) => void = () => {};
  onDrained: (connection: Connection) => void = () => {};
  onElapsed: () => void = () => {};

  inspect(): Inspection {
    throw new Error("it has nothing to look at");
  }
  recover(): void {}
  recovered(): void {}
  opened(_connection: Connection, now: number): void {
    this.#hear("opened", now);
  }
  received(connection: Connection, packet: Packet, now: number): void {
    this.times.push(now);
    this.onReceived(connection, packet);
    this.#hear("received", now);
  }
  failed(connection: Connection, error: unknown, now: number): void {
    this.failures.push(error);
    this.onFailed(connection);
    this.#hear("failed", now);
  }
  closed(_connection: Connection, now: number): void {
    this.#hear("closed", now);
  }
  drained(connection: Connection, now: number): void {
    this.onDrained(connection);
    this.#hear("drained", now);
  }
  verdict(_connection: Connection, verdict: Verdict, now: number): void {
    this.verdicts.push(verdict);
    this.#hear("verdict", now);
  }
  fetched(owner: number, messages: readonly (FetchedMessage | undefined)[], now: number): void {
    this.fetches.push([owner, messages.map((message) => message?.number)]);
    this.#hear("fetched", now);
  }
  publish(): void {}
  replay(): string | undefined {
    return undefined;
  }
  disconnect(): boolean {
    return false;
  }
  disconnectConnection(): void {}
  disconnectPrincipals(): number {
    return 0;
  }
  policyChanged(): void {}
  storeState(state: "ready" | "refusing", now: number): void {
    this.#hear(state, now);
  }
  drain(): void {}
  elapsed(now: number): void {
    this.onElapsed();
    this.#hear("elapsed", now);
  }
  nextDeadline(): number {
    return this.deadline;
  }
  /** Resolves when the verb was heard so many times. */
  async verb(word: string, count = 1): Promise<void> {
    while (this.heard.filter((heard) => heard === word).length < count) await once(this, word);
  }
  #hear(word: string, now: number): void {
    if (!Number.isFinite(now)) throw new Error(`${word} has no time`);
    this.heard.push(word);
    this.emit(word);
  }
}

/** A store whose commits are decided by the test, in their order. */
export class FakeStore extends EventEmitter implements Store {
  readonly commits: (readonly Mutation[])[] = [];
  readonly reads: (readonly number[])[] = [];
  readonly #open: { resolve: () => void; reject: (error: Error) => void }[] = [];
  onRead: (numbers: readonly number[]) => Promise<readonly (StoredMessage | undefined)[]> = async (numbers) =>
    numbers.map(() => undefined);

  async *load(): AsyncIterable<never> {}
  commit(batch: readonly Mutation[]): Promise<void> {
    this.commits.push(batch);
    this.emit("commit");
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }));
  }
  read(numbers: readonly number[]): Promise<readonly (StoredMessage | undefined)[]> {
    this.reads.push(numbers);
    this.emit("read");
    return this.onRead(numbers);
  }
  async close(): Promise<void> {}
  /** Resolves when so many commits were asked for. */
  async asked(count: number): Promise<void> {
    while (this.commits.length < count) await once(this, "commit");
  }
  keep(): void {
    this.#open.shift()?.resolve();
  }
  refuse(error: Error): void {
    this.#open.shift()?.reject(error);
  }
}

export interface Stage {
  readonly turn: Turn;
  readonly broker: FakeBroker;
  readonly store: FakeStore;
  readonly failures: unknown[];
  /** What was logged, one object per line. */
  readonly logged: { level: number; msg: string; err?: { stack: string } }[];
  /** A Client's loopback connection, opened at the broker. */
  connect(linkBytesMax?: number): Promise<Pair & { connection: LinkedConnection; writes: () => number }>;
  close(): void;
}

export function stage(
  authenticate: (request: AuthenticationRequest) => Promise<Verdict> = () => new Promise(() => {}),
  replaced: Partial<TurnOptions> = {},
): Stage {
  const failures: unknown[] = [];
  const logged: Stage["logged"] = [];
  const log: Logger = pino({ level: "debug" }, { write: (line: string) => logged.push(JSON.parse(line)) });
  const store = new FakeStore();
  const turn = new Turn({
    store,
    authenticator: { authenticate },
    log,
    unflushedBytesMax: 67_108_864,
    observe: () => {},
    storeStateChanged: () => {},
    fail: (error) => failures.push(error),
    forget: () => {},
    ...replaced,
  });
  const broker = new FakeBroker();
  turn.attach(broker);
  const pairs: Pair[] = [];
  // No timer of a turn keeps a process alive.
  const alive = setInterval(() => {}, 60_000);
  return {
    turn,
    broker,
    store,
    failures,
    logged,
    connect: async (linkBytesMax = 1_048_576) => {
      const pair = await connectPair();
      pairs.push(pair);
      const { writes } = countWrites(pair);
      const traffic = { bytesReceived: 0, bytesSent: 0 };
      const options = {
        pool: new ChunkPool(),
        traffic,
        packetBytesMax: 1_048_576,
        connectBytesMax: 1_048_576,
        linkBytesMax,
        incomplete: new IncompletePackets(1_048_576),
        unsent: new FairShare(1_000_000_000),
      };
      const peer: Peer = { remoteAddress: "127.0.0.1", protocol: "mqtt" };
      const connection = new LinkedConnection(peer, turn, (owner) => new Link(pair.socket, owner, options));
      connection.open();
      return { ...pair, connection, writes };
    },
    close: () => {
      clearInterval(alive);
      turn.stop();
      for (const pair of pairs) pair.close();
    },
  };
}

function countWrites({ socket }: Pair): { writes: () => number } {
  let writes = 0;
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = ((...args: unknown[]) => {
    writes += 1;
    return write(...args);
  }) as typeof socket.write;
  return { writes: () => writes };
}
