import type { Will } from "../mqtt/packet.ts";
import type { IdentifierSet } from "../session/identifier-set.ts";
import { PendingQueue } from "../session/pending-queue.ts";
import { Sender } from "../session/sender.ts";
import type { Subscription } from "../session/subscription.ts";
import type { Principal } from "./authentication.ts";
import type { FetchedMessage } from "./broker.ts";
import type { Connection } from "./connection.ts";
import type { RetainedDelivery } from "./retained.ts";
import type { SharedGroup } from "./shared-group.ts";
import type { SubscriptionUse } from "./subscription-use.ts";

/** A Session's subscription to one Topic Filter; the entry of the subscription trie. */
export interface SessionSubscription {
  readonly session: Session;
  /** As the Client wrote it. */
  readonly topicFilter: string;
  readonly subscription: Subscription;
  /** Set for `$share/…`. */
  readonly group: SharedGroup | undefined;
}

/**
 * A Session (§4.1): what is kept of a Client between its Network Connections. The fields follow the list of §4.1.
 */
export class Session {
  /** Names it in the store; ascending, never used twice. */
  readonly number: number;
  readonly tenant: number;
  readonly clientId: string;
  /** Whose it is, as it connected last: another one with this Client Identifier is refused. */
  principal: Principal;
  /** It has rows in the store; stays so until the Session ends. */
  readonly durable: boolean;

  /** By Topic Filter as the Client wrote it. */
  readonly subscriptions: Map<string, SessionSubscription> = new Map();
  /** What they count for; undefined until there was one. */
  subscriptionUse: SubscriptionUse | undefined = undefined;
  /** Shared groups it is a member of. */
  groups: Set<SharedGroup> | undefined = undefined;

  /** QoS 1 and 2 messages sent and not completely acknowledged. */
  readonly sender: Sender = new Sender();
  /** QoS 1 and 2 messages pending transmission. */
  readonly pending: PendingQueue = new PendingQueue();
  /** QoS 2 Packet Identifiers received and not released (§4.3.3). */
  received: IdentifierSet | undefined = undefined;

  will: Will | undefined = undefined;
  /** When a delayed Will is published, ms. */
  willDueAt: number = Number.POSITIVE_INFINITY;

  sessionExpirySeconds: number;
  /** When the Session ends if nobody comes back, ms; Infinity while connected. */
  expiresAt: number = Number.POSITIVE_INFINITY;

  connection: Connection | undefined = undefined;

  /** Numbers of a fetch under way; bodies that came are used up before the next. */
  fetching: readonly number[] | undefined = undefined;
  readonly fetched: Map<number, FetchedMessage | undefined> = new Map();
  /** Retained Messages still to be sent for new subscriptions, by Topic Filter as the Client wrote it. */
  retainedDeliveries: Map<string, RetainedDelivery> | undefined = undefined;
  /** Queue overflow was observed and has not ended. */
  overflowing = false;
  dropped = 0;
  /** The law that its subscriptions were last held to; 0 for none. */
  policyVersion = 0;
  /** A subscription was taken from it while messages waited: each of them is asked for before it is sent. */
  hasLostRights = false;

  constructor(
    number: number,
    tenant: number,
    clientId: string,
    principal: Principal,
    sessionExpirySeconds: number,
    durable: boolean,
  ) {
    this.number = number;
    this.tenant = tenant;
    this.clientId = clientId;
    this.principal = principal;
    this.sessionExpirySeconds = sessionExpirySeconds;
    this.durable = durable;
  }
}
