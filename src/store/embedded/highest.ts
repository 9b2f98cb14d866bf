import type { Buffer } from "node:buffer";
import { numberOf, numberOfOwnerKey, ownerOf } from "./keys.ts";
import { queuedMessages } from "./log-block.ts";
import { readBinding, readCounters, readRetained, readSubscription } from "./records.ts";
import { unsealed } from "./sealed.ts";
import type { Row } from "./store-reading.ts";
import { countersKey } from "./tables.ts";

/** The highest numbers that any row names: counters that were lost must not start below them. */
export class Highest {
  number = 0;
  owner = 0;

  see({ table, key, value }: Row): void {
    switch (table) {
      case "meta":
        if (key.equals(countersKey)) this.#counters(value);
        break;
      case "log":
        for (const { number, targets } of queuedMessages(key, value, numberOf(key))) {
          this.#raise(number, 0);
          for (const { owner, session } of targets) this.#raise(0, Math.max(owner, session));
        }
        break;
      case "subscriptions":
        this.#raise(0, Math.max(ownerOf(key), readSubscription(0, unsealed(key, value)).group));
        break;
      case "floors":
        this.#raise(unsealed(key, value).number(), ownerOf(key));
        break;
      case "settled":
        this.#raise(numberOfOwnerKey(key), ownerOf(key));
        break;
      case "bound":
        this.#raise(numberOfOwnerKey(key), Math.max(ownerOf(key), readBinding(unsealed(key, value)).session));
        break;
      case "retained":
        this.#raise(readRetained(unsealed(key, value)).stamp, 0);
        break;
      default:
        this.#raise(0, ownerOf(key));
    }
  }

  #counters(value: Buffer): void {
    const { lastNumber, lastOwner } = readCounters(unsealed(countersKey, value));
    this.#raise(lastNumber, lastOwner);
  }

  #raise(number: number, owner: number): void {
    this.number = Math.max(this.number, number);
    this.owner = Math.max(this.owner, owner);
  }
}
