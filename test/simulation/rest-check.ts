import type { Limits } from "../../src/broker/limits.ts";
import type { Session } from "../../src/broker/session.ts";
import type { SimulatedStore } from "../../src/testing/simulated-store.ts";
import type { SimulatedClient } from "./client.ts";
import type { SimulatedProcess } from "./process.ts";
import { Violation } from "./records.ts";

/** What one Client has in flight at most. */
const inFlightMax = 100;

/**
 * No queue is longer than its bound. What comes back to a group may pass it until the next message comes, by what all who
 * are or were its members had in flight.
 */
export function checkBounds(
  sessions: ReadonlySet<Session>,
  clients: readonly SimulatedClient[],
  { queueMessagesMax }: Limits,
): void {
  for (const { clientId, pending, groups } of sessions) {
    if (pending.length > queueMessagesMax) throw new Violation(`${clientId} has ${pending.length} waiting`, clientId);
    for (const group of groups ?? []) {
      const holders = clients.filter(({ traits }) => traits.subscribes.includes(group.name));
      const most = queueMessagesMax + holders.length * inFlightMax;
      if (group.pending.length > most)
        throw new Violation(`${group.name} has ${group.pending.length} waiting`, clientId);
    }
  }
}

/** At rest nothing waits anywhere: no queue, no flow, no row of a settled message. */
export async function checkRest(
  process: SimulatedProcess,
  store: SimulatedStore,
  clients: readonly SimulatedClient[],
): Promise<void> {
  for (const { name, link } of clients) {
    const session = link?.session;
    if (session === undefined) continue;
    const { sender, pending, fetched, fetching, received, groups } = session;
    atMost(sender.inFlight.size, 0, `${name} has messages in flight`, name);
    atMost(sender.resend.length, 0, `${name} has messages to be sent again`, name);
    atMost(pending.length, 0, `${name} has messages waiting`, name);
    atMost(fetched.size, 0, `${name} has bodies that were fetched`, name);
    atMost(fetching?.length ?? 0, 0, `${name} has a fetch under way`, name);
    atMost(received?.size ?? 0, 0, `${name} has QoS 2 identifiers`, name);
    for (const group of groups ?? []) {
      atMost(group.pending.length, 0, `${group.name} has messages waiting`, name);
      atMost(group.fetched.size, 0, `${group.name} has bodies that were fetched`, name);
    }
  }
  const { counters } = process.broker;
  const open = clients.filter(({ link }) => link?.isOpen).length;
  if (counters.queuedMessages !== 0)
    throw new Violation(`at rest ${counters.queuedMessages} messages are counted as queued`);
  if (counters.clientsConnected !== open) {
    throw new Violation(`${open} Clients are connected, ${counters.clientsConnected} are counted`);
  }
  await checkStore(store, counters.sessions, clients.filter(({ session }) => session?.isDurable).length);
}

async function checkStore(store: SimulatedStore, sessionsMost: number, sessionsLeast: number): Promise<void> {
  let sessions = 0;
  for await (const rows of store.load()) {
    for (const row of rows) {
      if (row.kind === "putSession") sessions += 1;
      if (row.kind !== "queuedMessage" && row.kind !== "keepReceived") continue;
      throw new Violation(`at rest the store has ${JSON.stringify(row)}`);
    }
  }
  if (sessions > sessionsMost) throw new Violation(`the store has ${sessions} Sessions, ${sessionsMost} are counted`);
  if (sessions < sessionsLeast)
    throw new Violation(`the store has ${sessions} Sessions, ${sessionsLeast} should be kept`);
}

function atMost(count: number, most: number, what: string, about: string): void {
  if (count > most) throw new Violation(`at rest ${what}: ${count}`, about);
}
