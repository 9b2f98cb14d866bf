import { RetainedTrie } from "../topics/retained-trie.ts";
import { SubscriptionTrie } from "../topics/subscription-trie.ts";
import type { Policy } from "./policy.ts";
import type { Retained } from "./retained.ts";
import { createRoutes, type RouteEntry, type Routes } from "./routes.ts";
import type { Session } from "./session.ts";
import type { SharedGroup } from "./shared-group.ts";

/** How many Topic Names keep their Routes ready; above it all are forgotten and found anew. */
const routesMax = 65_536;

/** Longer ones, in UTF-16 units, have them found each time. */
const rememberedLengthMax = 256;

/** What one tenant has for itself: its Sessions, subscriptions and Retained Messages. There is no other than 0 yet. */
export class Tenant {
  /** By Client Identifier [MQTT-3.1.3-2]. */
  // [MQTT-3.1.3-2] [MQTT311-3.1.3-2]
  readonly sessions: Map<string, Session> = new Map();
  /** By `$share/{ShareName}/{filter}`. */
  readonly groups: Map<string, SharedGroup> = new Map();
  readonly retained: RetainedTrie<Retained> = new RetainedTrie();
  readonly #subscriptions: SubscriptionTrie<RouteEntry> = new SubscriptionTrie();
  readonly #routes: Map<string, Routes> = new Map();
  readonly #matched: RouteEntry[] = [];

  /** Who gets the messages of this Topic Name. Those who must be asked for are asked for each message. */
  routes(topicName: string, policy: Policy): Routes {
    const known = this.#routes.get(topicName);
    if (known !== undefined) return known;
    const matched = this.#matched;
    matched.length = 0;
    this.#subscriptions.match(topicName, matched);
    if (matched.some(isFiltered)) return createRoutes(matched.filter((entry) => mayReach(entry, topicName, policy)));
    const routes = createRoutes(matched);
    if (topicName.length > rememberedLengthMax) return routes;
    if (this.#routes.size >= routesMax) this.#routes.clear();
    this.#routes.set(topicName, routes);
    return routes;
  }

  addRoute(topicFilter: string, entry: RouteEntry): void {
    this.#subscriptions.add(topicFilter, entry);
    this.#forget(topicFilter);
  }

  removeRoute(topicFilter: string, entry: RouteEntry): void {
    this.#subscriptions.remove(topicFilter, entry);
    this.#forget(topicFilter);
  }

  /** Found anew from here on. */
  forgetRoutes(): void {
    this.#routes.clear();
  }

  /** A filter without wildcards is the only Topic Name that it matches. */
  #forget(topicFilter: string): void {
    if (topicFilter.includes("+") || topicFilter.includes("#")) this.#routes.clear();
    else this.#routes.delete(topicFilter);
  }
}

function isFiltered(entry: RouteEntry): boolean {
  return "subscription" in entry && entry.subscription.isFiltered;
}

function mayReach(entry: RouteEntry, topicName: string, policy: Policy): boolean {
  if (!("subscription" in entry) || !entry.subscription.isFiltered) return true;
  return policy.mayReceive?.(entry.session.principal, topicName) ?? false;
}
