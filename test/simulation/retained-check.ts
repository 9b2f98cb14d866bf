import type { Ledger, RetainRecord } from "./ledger.ts";
import { isLost, type SessionRecord, Violation } from "./records.ts";

/** What a new subscription must get: of each Topic Name the last message with RETAIN 1 [MQTT-3.3.1-5]. */
export function retainedNow(ledger: Ledger, now: number): Map<string, string> {
  const last = new Map<string, RetainRecord>();
  for (const record of ledger.retains) {
    // Without a batch it took away what was not there.
    if (record.step.batch > 0 && !isLost(record.step)) last.set(record.message.topicName, record);
  }
  const retained = new Map<string, string>();
  for (const [topicName, { message, step }] of last) {
    const isExpired = message.expirySeconds !== undefined && step.at + message.expirySeconds * 1_000 <= now;
    if (message.payload.length > 0 && !isExpired) retained.set(topicName, message.id);
  }
  return retained;
}

/** `reader` subscribed when nothing was published any more: it has what is retained, and nothing else. */
export function checkRetained(ledger: Ledger, reader: SessionRecord, expected: ReadonlyMap<string, string>): void {
  for (const [topicName, id] of expected) {
    if (reader.deliveries.has(id)) continue;
    const got = [...reader.deliveries.keys()].filter((other) => ledger.messages.get(other)?.topicName === topicName);
    throw new Violation(`${topicName} should retain ${id}, and retains ${got.join(", ") || "nothing"}`, id, ...got);
  }
  const ids = new Set(expected.values());
  for (const id of reader.deliveries.keys()) {
    if (!ids.has(id)) throw new Violation(`${ledger.messages.get(id)?.topicName} retains ${id}, which is gone`, id);
  }
}
