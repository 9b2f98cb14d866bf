import type { Broker, FetchedMessage } from "../../src/broker/broker.ts";
import { Connection } from "../../src/broker/connection.ts";
import { createBroker } from "../../src/broker/create-broker.ts";
import { allCapabilities, createLimits, type Limits } from "../../src/broker/limits.ts";
import type { Mutation, Recovered } from "../../src/broker/mutation.ts";
import { allowAll, type Policy } from "../../src/broker/policy.ts";
import { parsePacket } from "../../src/mqtt/notation.ts";
import { RecordingOutbox } from "../../src/testing/recording-outbox.ts";

/** A Broker of which a test sees every verb out, and which does nothing that the test does not tell it. */
export class BrokerStage {
  readonly outbox: RecordingOutbox = new RecordingOutbox();
  readonly broker: Broker;

  constructor(limits: Partial<Limits> = {}, policy: Policy = allowAll) {
    this.broker = createBroker({
      outbox: this.outbox,
      policy,
      limits: createLimits(limits),
      capabilities: allCapabilities,
      uniqueId: () => "unique",
      responseInformation: undefined,
    });
  }

  /** A new process that finds these rows. */
  recover(rows: readonly Recovered[], now: number): void {
    this.broker.recover([{ kind: "counters", lastNumber: 100, lastOwner: 100 }, ...rows]);
    this.broker.recovered(now);
  }

  /** A connection whose CONNECT, as text, is accepted. */
  connect(line: string, now = 0): Connection {
    const connection = this.ask(line, now);
    this.accept(connection, now);
    return connection;
  }

  /** A connection whose CONNECT, as text, waits for its verdict. */
  ask(line: string, now = 0): Connection {
    const connection = new Connection();
    this.broker.opened(connection, now);
    this.broker.received(connection, parsePacket(line), now);
    return connection;
  }

  /** A connection whose CONNECT, as text, is accepted as that of somebody with these roles. */
  connectAs(roles: readonly string[], line: string, now = 0): Connection {
    const connection = this.ask(line, now);
    this.accept(connection, now, roles);
    return connection;
  }

  accept(connection: Connection, now = 0, roles: readonly string[] = []): void {
    const principal = { tenant: 0, name: "", roles, clientId: connection.clientId };
    this.broker.verdict(connection, { kind: "accept", principal, authenticationData: undefined }, now);
  }

  /** Hands in packets, as text. */
  receive(connection: Connection, lines: readonly string[], now = 0): void {
    for (const line of lines) this.broker.received(connection, parsePacket(line), now);
  }

  /** What was persisted since the last call; everything else is forgotten. */
  persisted(): Mutation[] {
    return this.outbox.take().flatMap((record) => (record.verb === "persist" ? [record.mutation] : []));
  }

  /** What was sent since the last call, and to whom; everything else is forgotten. */
  sent(): string[] {
    const lines = this.outbox.lines().filter((line) => line.includes(" < ") && !line.startsWith("persist"));
    this.outbox.take();
    return lines;
  }

  /** Answers every fetch since the last call with the messages that `bodyOf` has; returns the numbers asked for. */
  fetched(bodyOf: (number: number) => FetchedMessage | undefined, now = 0): number[] {
    const fetches = this.outbox.take().flatMap((record) => (record.verb === "fetch" ? [record] : []));
    for (const { owner, numbers } of fetches) this.broker.fetched(owner, numbers.map(bodyOf), now);
    return fetches.flatMap(({ numbers }) => [...numbers]);
  }
}
