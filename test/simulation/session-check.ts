import type { Link } from "./link.ts";
import { isLost, type SessionRecord, type Step, Violation, type Window } from "./records.ts";

/** How late a deadline may be kept, ms. */
export const deadlineLag = 100;

const never = 0xffff_ffff;

/** Between which two times the Server holds that this connection was lost; undefined while it stands. */
export function lostWindow(link: Link): Window | undefined {
  const { accepted, left } = link;
  if (accepted === undefined) return undefined;
  const { life } = accepted;
  if (left !== undefined && (!life.isDead || (left.batch > 0 && !isLost(left))))
    return { earliest: left.at, latest: left.at };
  if (!life.isDead) return undefined;
  // With the process: after it was last known to be alive, or when the next one looks.
  const earliest = Math.min(left?.at ?? Number.POSITIVE_INFINITY, Math.max(life.aliveAt, accepted.at));
  return { earliest, latest: life.succeededAt };
}

/** Between which two times the Session ends if nobody comes back; both Infinity for never. */
export function expiryWindow(link: Link): Window | undefined {
  const lost = lostWindow(link);
  if (lost === undefined) return undefined;
  const { least, most } = expirySeconds(link);
  const after = (at: number, seconds: number): number =>
    seconds === never ? Number.POSITIVE_INFINITY : at + seconds * 1_000;
  return { earliest: after(lost.earliest, least), latest: after(lost.latest, most) };
}

/** DISCONNECT changed it, unless that was lost. */
function expirySeconds(link: Link): { readonly least: number; readonly most: number } {
  const { expirySeconds: connected, disconnectExpirySeconds: asked, goodbye, left } = link;
  if (asked === undefined || goodbye === undefined) return { least: connected, most: connected };
  if (left !== undefined && !isLost(left)) return { least: asked, most: asked };
  return { least: Math.min(connected, asked), most: Math.max(connected, asked) };
}

/**
 * The Session of a connection that was accepted: the one before, or a new one, as Clean Start and expiry demand
 * [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-6].
 */
export function beginSession(link: Link, connections: readonly Link[], step: Step): SessionRecord {
  const { session } = link;
  if (session === undefined) throw new Error("a connection that was accepted has a Session");
  const prior = connections.findLast(({ accepted }) => accepted !== undefined && !isLost(accepted));
  const before = prior?.sessionRecord;
  const isSame =
    before !== undefined && before.number === session.number && (before.isDurable || before.life === step.life);
  const expected = expectation(link, prior, step.at);
  const client = link.owner.name;
  if (expected === "resumed" && !isSame) throw new Violation(`${client} comes back, and its Session is gone`, client);
  if (expected === "new" && isSame) throw new Violation(`${client} has a Session that should be gone`, client);
  link.expirySeconds = session.sessionExpirySeconds;
  link.isResumed = isSame;
  link.sessionRecord = isSame
    ? before
    : {
        client,
        number: session.number,
        life: step.life,
        begun: step,
        isDurable: session.sessionExpirySeconds > 0,
        subscriptions: [],
        deliveries: new Map(),
      };
  return link.sessionRecord;
}

function expectation(link: Link, prior: Link | undefined, now: number): "new" | "resumed" | "either" {
  if (link.cleanStart || prior?.sessionRecord === undefined) return "new";
  if (!prior.sessionRecord.isDurable) return "new";
  const window = expiryWindow(prior);
  if (window === undefined) throw new Error("a connection that was taken over has ended");
  const { latest: lostAt } = lostWindow(prior) ?? window;
  if (window.latest === lostAt) return "new";
  if (now < window.earliest) return "resumed";
  return now > window.latest + deadlineLag ? "new" : "either";
}
