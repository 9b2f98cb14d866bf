import { Deadlines } from "../base/deadlines.ts";
import type { Connection } from "./connection.ts";
import { type Counters, createCounters } from "./counters.ts";
import type { BrokerOptions } from "./create-broker.ts";
import type { Capabilities, Limits } from "./limits.ts";
import { MessageCache } from "./message-cache.ts";
import type { Outbox } from "./outbox.ts";
import type { Policy } from "./policy.ts";
import type { Retained } from "./retained.ts";
import { Session } from "./session.ts";
import type { SharedGroup } from "./shared-group.ts";
import { Tenant } from "./tenant.ts";

/** Everything a broker knows; there is no state outside of it. Handlers are functions of it. */
export class BrokerState {
  readonly outbox: Outbox;
  readonly policy: Policy;
  readonly limits: Limits;
  readonly capabilities: Capabilities;
  readonly uniqueId: () => string;
  readonly responseInformation: string | undefined;
  readonly counters: Counters = createCounters();
  readonly cache: MessageCache;
  readonly connections: Set<Connection> = new Set();
  /** Time-outs of connections, ends of Sessions and Wills, expiry of Retained Messages. */
  readonly deadlines: Deadlines<Connection | Session | Retained> = new Deadlines();
  /** Shared groups by number, for what is in flight. */
  readonly groups: Map<number, SharedGroup> = new Map();
  /** Sessions by number, for what was fetched. */
  readonly sessions: Map<number, Session> = new Map();
  /** Sessions with Retained Messages still to send whose slice is over. */
  readonly sliced: Set<Session> = new Set();
  /** The store takes nothing new. */
  refusing = false;
  /** Shutting down; where Clients are sent instead, if anywhere. */
  draining = false;
  serverReference: string | undefined = undefined;
  /** Durable Sessions with a Client connected, and when to say that we are alive for them. */
  durableConnected = 0;
  aliveDueAt: number = Number.POSITIVE_INFINITY;
  /** Number of the last message kept. */
  lastNumber = 0;
  /** Number of the last Session or shared group. */
  lastOwner = 0;
  readonly #tenants: Map<number, Tenant> = new Map();

  constructor(options: BrokerOptions) {
    this.outbox = options.outbox;
    this.policy = options.policy;
    this.limits = options.limits;
    this.capabilities = options.capabilities;
    this.uniqueId = options.uniqueId;
    this.responseInformation = options.responseInformation;
    this.cache = new MessageCache(options.limits.messageCacheBytesMax);
  }

  tenant(number: number): Tenant {
    let tenant = this.#tenants.get(number);
    if (tenant === undefined) {
      tenant = new Tenant();
      this.#tenants.set(number, tenant);
    }
    return tenant;
  }

  /** A Session that nobody knows yet; with an expiry it is durable. */
  createSession(tenant: number, clientId: string, principalName: string, sessionExpirySeconds: number): Session {
    this.lastOwner += 1;
    const { lastOwner } = this;
    const durable = sessionExpirySeconds > 0;
    return this.addSession(new Session(lastOwner, tenant, clientId, principalName, sessionExpirySeconds, durable));
  }

  addSession(session: Session): Session {
    this.sessions.set(session.number, session);
    this.tenant(session.tenant).sessions.set(session.clientId, session);
    this.counters.sessions += 1;
    return session;
  }
}
