// tsx bench/micro/topics.ts: what a Topic Name costs to match, by the subscriptions there are.
import { RetainedTrie } from "../../src/topics/retained-trie.ts";
import { SubscriptionTrie } from "../../src/topics/subscription-trie.ts";
import { printTimings, type Sample } from "../timing.ts";

const topics = Array.from({ length: 10_000 }, (_, k) => `devices/${k}/sensors/s${k % 100}`);

printTimings("subscription match, per Topic Name", [
  matchSample("10,000 exact filters", topics),
  matchSample(
    "100 with one +, 5 levels deep at most",
    Array.from({ length: 100 }, (_, s) => `devices/+/sensors/s${s}`),
  ),
  matchSample(
    "10,000 with # for each device",
    Array.from({ length: 10_000 }, (_, k) => `devices/${k}/#`),
  ),
  matchSample("both kinds and #", [...topics, "devices/+/sensors/s1", "devices/#", "#"]),
  matchSample("none that matches", ["clinic/+/appointments/#", "orders/+/status"]),
]);

printTimings("retained match, per message found", [
  retainedSample("exact filter", "devices/77/sensors/s77", 1),
  retainedSample("devices/+/sensors/s1", "devices/+/sensors/s1", 100),
  retainedSample("#", "#", 10_000),
]);

function matchSample(name: string, filters: readonly string[]): Sample {
  const trie = new SubscriptionTrie<string>();
  for (const filter of filters) trie.add(filter, filter);
  const into: string[] = [];
  return {
    name,
    count: topics.length,
    run: () => {
      for (const topic of topics) {
        into.length = 0;
        trie.match(topic, into);
      }
      return into;
    },
  };
}

function retainedSample(name: string, filter: string, found: number): Sample {
  const trie = new RetainedTrie<{ topic: string }>();
  for (const topic of topics) trie.set(topic, { topic });
  return {
    name,
    count: found,
    run: () => {
      const cursor = trie.cursor(filter);
      const budget = { steps: Number.POSITIVE_INFINITY };
      let last: unknown;
      while (!cursor.done) last = cursor.next(budget) ?? last;
      return last;
    },
  };
}
