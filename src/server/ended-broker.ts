import type { Broker } from "../broker/broker.ts";
import { type Counters, createCounters } from "../broker/counters.ts";
import type { Inspection } from "../broker/inspection.ts";

/** What stands in the place of a broker that failed: it hears nothing and does nothing, so nothing is promised any more. */
export class EndedBroker implements Broker {
  readonly counters: Counters = createCounters();
  recover(): void {}
  recovered(): void {}
  opened(): void {}
  received(): void {}
  failed(): void {}
  closed(): void {}
  drained(): void {}
  verdict(): void {}
  fetched(): void {}
  publish(): void {}
  replay(): string {
    return "The server has failed";
  }
  disconnect(): boolean {
    return false;
  }
  disconnectConnection(): void {}
  disconnectPrincipals(): number {
    return 0;
  }
  inspect(): Inspection {
    throw new Error("the broker has failed; there is nothing to look at");
  }
  policyChanged(): void {}
  storeState(): void {}
  drain(): void {}
  elapsed(): void {}
  nextDeadline(): number {
    return Number.POSITIVE_INFINITY;
  }
}
