import type { RetainHandling } from "../mqtt/packet.ts";
import type { QoS } from "../mqtt/packet-type.ts";

/** What was granted for one Topic Filter of one Session (§3.8.3). */
export interface Subscription {
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
  /** 0 when the SUBSCRIBE had none. */
  readonly subscriptionIdentifier: number;
  /** It reaches further than its Principal may read: each topic is asked for. */
  readonly isFiltered: boolean;
}
