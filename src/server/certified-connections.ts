import { setImmediate } from "node:timers/promises";
import type { TlsMaterial } from "../net/tls-settings.ts";
import { ClientTrust } from "./client-trust.ts";
import type { LinkedConnection } from "./linked-connection.ts";
import type { ListenerOptions } from "./options.ts";

/** Signatures that are checked before others have their turn. */
const sliceMax = 20;

/** Connections that came with a client certificate, by their doors. */
export class CertifiedConnections {
  readonly #end: (connection: LinkedConnection, problem: string) => void;
  readonly #byDoor: Map<ListenerOptions, Set<LinkedConnection>> = new Map();

  /** @param end ends one, and is given the reason, as a sentence */
  constructor(end: (connection: LinkedConnection, problem: string) => void) {
    this.#end = end;
  }

  add(connection: LinkedConnection, door: ListenerOptions): void {
    const known = this.#byDoor.get(door);
    if (known === undefined) this.#byDoor.set(door, new Set([connection]));
    else known.add(connection);
  }

  delete(connection: LinkedConnection): void {
    for (const connections of this.#byDoor.values()) connections.delete(connection);
  }

  /** Ends those of a door whose certificates do not hold any more. */
  async holdTo(door: ListenerOptions, { ca, crl }: TlsMaterial): Promise<void> {
    if (ca === undefined) return;
    const trust = new ClientTrust(ca, crl);
    const connections = [...(this.#byDoor.get(door) ?? [])];
    for (const [index, connection] of connections.entries()) {
      const { certificate } = connection.peer;
      const problem = certificate && trust.problemOf(certificate.x509);
      if (problem !== undefined) this.#end(connection, problem);
      if ((index + 1) % sliceMax === 0) await setImmediate();
    }
  }
}
