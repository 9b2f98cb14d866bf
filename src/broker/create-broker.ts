import type { Broker } from "./broker.ts";
import type { Capabilities, Limits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Policy } from "./policy.ts";

/** What a broker is made with. */
export interface BrokerOptions {
  readonly outbox: Outbox;
  readonly policy: Policy;
  readonly limits: Limits;
  readonly capabilities: Capabilities;
  /** Unique words for assigned Client Identifiers; randomness is the shell's [MQTT-3.1.3-6]. */
  readonly uniqueId: () => string;
  /** Response Information (§3.1.2.11.6) with `%c` for the Client Identifier and `%u` for the Principal; undefined sends none. */
  readonly responseInformation: string | undefined;
}

export function createBroker(_options: BrokerOptions): Broker {
  throw new Error("being written");
}
