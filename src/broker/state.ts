import { Deadlines } from "../base/deadlines.ts";
import { FairShare } from "../base/fair-share.ts";
import type { QueueMemory } from "../session/pending-queue.ts";
import type { Principal } from "./authentication.ts";
import type { Connection } from "./connection.ts";
import { type Counters, createCounters } from "./counters.ts";
import type { BrokerOptions } from "./create-broker.ts";
import type { Capabilities, Limits, QueueOverflow } from "./limits.ts";
import { MessageCache } from "./message-cache.ts";
import type { Outbox } from "./outbox.ts";
import type { Policy } from "./policy.ts";
import type { Retained } from "./retained.ts";
import { Session } from "./session.ts";
import type { SharedGroup } from "./shared-group.ts";
import type { SubscriptionTotals } from "./subscription-use.ts";
import { Tenant } from "./tenant.ts";

/** Everything a broker knows; there is no state outside of it. Handlers are functions of it. */
export class BrokerState {
  readonly outbox: Outbox;
  policy: Policy;
  /** Counts the policies that were in force, from 1. */
  policyVersion = 1;
  /** Sessions whose subscriptions are still to be held to a new policy. */
  readonly unchecked: Set<Session> = new Set();
  readonly limits: Limits;
  readonly capabilities: Capabilities;
  readonly queueOverflow: QueueOverflow;
  readonly uniqueId: () => string;
  readonly responseInformation: string | undefined;
  readonly counters: Counters = createCounters();
  readonly cache: MessageCache;
  /** What the subscriptions of all Sessions count for. */
  readonly subscriptionTotals: SubscriptionTotals;
  /** What the Wills of all Sessions take. */
  willBytes = 0;
  /** What waits in the queues of all owners. */
  readonly queueMemory: QueueMemory;
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
    this.queueOverflow = options.queueOverflow ?? "drop-oldest";
    this.uniqueId = options.uniqueId;
    this.responseInformation = options.responseInformation;
    this.cache = new MessageCache(options.limits.messageCacheBytesMax);
    this.subscriptionTotals = { bytes: new FairShare(options.limits.subscriptionBytesMax), shapes: new Map() };
    const bytes = new FairShare(options.limits.queuedBytesMax);
    this.queueMemory = { bytes, holdsKept: options.storeIsInMemory ?? false };
  }

  tenant(number: number): Tenant {
    let tenant = this.#tenants.get(number);
    if (tenant === undefined) {
      tenant = new Tenant();
      this.#tenants.set(number, tenant);
    }
    return tenant;
  }

  /** Who gets what is to be found anew. */
  forgetRoutes(): void {
    for (const tenant of this.#tenants.values()) tenant.forgetRoutes();
  }

  /** A Session that nobody knows yet; with an expiry it is durable. */
  createSession(clientId: string, principal: Principal, sessionExpirySeconds: number): Session {
    this.lastOwner += 1;
    const { lastOwner } = this;
    const durable = sessionExpirySeconds > 0;
    return this.addSession(
      new Session(lastOwner, principal.tenant, clientId, principal, sessionExpirySeconds, durable),
    );
  }

  addSession(session: Session): Session {
    session.pending.sharesIn(this.queueMemory);
    this.sessions.set(session.number, session);
    this.tenant(session.tenant).sessions.set(session.clientId, session);
    this.counters.sessions += 1;
    return session;
  }
}
