import type { Ledger } from "./ledger.ts";
import type { Link } from "./link.ts";
import { isLost, type SessionRecord, Violation, type WillRecord } from "./records.ts";
import { deadlineLag, expiryWindow, lostWindow } from "./session-check.ts";

/** How often a Will must have been published by now. */
type Due = "never" | "once" | "either";

/** Every Will is published once when it is due, and never when it was cancelled [MQTT-3.1.2-8] [MQTT-3.1.2-10]. */
export function checkWills(ledger: Ledger, watchers: readonly SessionRecord[], now: number): void {
  for (const will of ledger.wills.values()) {
    // At QoS 0 nothing waits for the commit that keeps a Will from being published again.
    if (will.qos === 0 && will.link.accepted?.life.isDead) continue;
    const due = dueOf(ledger, will, now);
    for (const watcher of watchers) {
      if (ledger.overflowed.has(watcher.client)) continue;
      const [subscription] = watcher.subscriptions.filter(({ isGranted }) => isGranted);
      const { accepted } = will.link;
      const isSure =
        accepted === undefined || (subscription?.begun !== undefined && subscription.begun.index < accepted.index);
      const { first = 0, applied = 0, unacknowledged = 0 } = watcher.deliveries.get(will.id) ?? {};
      const times = [unacknowledged, first, applied][will.qos] ?? 0;
      if (times > 1) throw wrong(will, watcher, `was published ${times} times`);
      if (due === "never" && times > 0)
        throw wrong(will, watcher, "was published, and nothing had happened or it was cancelled");
      if (due === "once" && watcher.deliveries.get(will.id) === undefined && will.qos > 0 && isSure) {
        throw wrong(will, watcher, "was not published");
      }
    }
  }
}

function dueOf(ledger: Ledger, will: WillRecord, now: number): Due {
  const { link, client } = will;
  const { accepted, left, sessionRecord } = link;
  if (accepted === undefined || sessionRecord === undefined) return "never";
  if (isLost(accepted)) return "never";
  if (!sessionRecord.isDurable) return dueWithoutExpiry(link);
  const lost = lostWindow(link);
  const expiry = expiryWindow(link);
  if (lost === undefined || expiry === undefined) return "never";
  const isLeftLost = left === undefined || isLost(left);
  if (link.goodbye === 0) {
    if (!isLeftLost) return "never";
    // The DISCONNECT died with the process: the Will may be published or not.
    return "either";
  }
  const delay = will.delaySeconds * 1_000;
  const earliest = Math.min(lost.earliest + delay, expiry.earliest);
  const latest = Math.min(lost.latest + delay, expiry.latest);
  if (!isLeftLost && latest === lost.latest) return "once";
  const connections = ledger.accepted.get(client) ?? [];
  for (const next of connections.slice(connections.indexOf(link) + 1)) {
    if (next.accepted === undefined || isLost(next.accepted)) continue;
    const { at } = next.accepted;
    if (at < earliest) return next.cleanStart ? "once" : "never";
    return at <= latest + deadlineLag ? "either" : "once";
  }
  return now > latest + deadlineLag ? "once" : "either";
}

/** Its Session ends with the connection, or with the process, of which the Will does not hear. */
function dueWithoutExpiry({ accepted, left, goodbye }: Link): Due {
  if (left === undefined || goodbye === 0 || accepted === undefined) return "never";
  if (!accepted.life.isDead) return "once";
  return isLost(left) ? "never" : "once";
}

function wrong({ id, client, link, delaySeconds }: WillRecord, watcher: SessionRecord, what: string): Violation {
  return new Violation(
    `${id} of connection ${link.number} (delay ${delaySeconds} s) ${what}, says ${watcher.client}`,
    id,
    client,
  );
}
