import type { Principal } from "../broker/authentication.ts";
import type { Observation } from "../broker/observation.ts";
import type { PublishRequest, Refusal } from "../broker/policy.ts";
import { shortText } from "./short-text.ts";

/** What was asked for. */
export type RefusedWhat = "publish" | "subscribe" | "connect" | "will";

/** A refusal, for people. The same one again is counted, and shows the last. */
export interface RefusalRow {
  /** Ascends with each refusal. */
  readonly sequence: number;
  readonly what: RefusedWhat;
  /** It was let through, for its rule only observes. */
  readonly observed: boolean;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly clientId: string;
  /** As the Client says, when it was not let in. */
  readonly user: string;
  /** Topic Name or Topic Filter; null for a CONNECT without a Will in question. */
  readonly topic: string | null;
  readonly reasonCode: number;
  readonly reason: string;
  /** Where the rule stands, as `file:line:column`; may be empty. */
  readonly place: string;
  /** How the payload begins, as text. */
  readonly payloadHead: string | null;
  readonly payloadBytes: number | null;
}

/** So much of a payload is kept. */
const headBytes = 128;

interface Entry {
  readonly what: RefusedWhat;
  readonly observed: boolean;
  readonly clientId: string;
  readonly user: string;
  readonly topic: string | null;
  readonly reasonCode: number;
  readonly firstAt: number;
  sequence: number;
  count: number;
  lastAt: number;
  reason: string;
  place: string;
  head: Uint8Array | undefined;
  payloadBytes: number | null;
}

/** What a refusal says of itself, besides its times. */
type Noted = Pick<Entry, "what" | "observed" | "clientId" | "user" | "topic" | "reasonCode" | "reason" | "place">;

/**
 * The last refusals, in memory. One that comes again and again (the same Client, topic, Reason Code and place) has one
 * entry with a count, so that it pushes no others out.
 */
export class Refusals {
  readonly #max: number;
  /** The one that came last is the last. */
  readonly #entries: Map<string, Entry> = new Map();
  #last: Entry | undefined = undefined;
  #sequence = 0;

  /** @param refusalsMax limit of that name */
  constructor(refusalsMax: number) {
    this.#max = refusalsMax;
  }

  /** The broker refused something; other observations are passed over. */
  take(observation: Observation): void {
    // Without a spread of the observation: a flood of refusals comes through here.
    switch (observation.kind) {
      case "publishRefused": {
        const { clientId, userName: user, topicName: topic, reasonCode, reason, place, message } = observation;
        const noted = { what: "publish", observed: false, clientId, user, topic, reasonCode, reason, place } as const;
        this.#note(noted, message.payload);
        return;
      }
      case "subscribeRefused": {
        const { clientId, userName: user, topicFilter: topic, reasonCode, reason, place } = observation;
        const noted = { what: "subscribe", observed: false, clientId, user, topic, reasonCode, reason, place } as const;
        this.#note(noted, undefined);
        return;
      }
      case "connectRefused": {
        const { clientId, userName: user, will, reasonCode, reason, place } = observation;
        const what = will === undefined ? "connect" : "will";
        const topic = will?.topicName ?? null;
        this.#note({ what, observed: false, clientId, user, topic, reasonCode, reason, place }, will?.payload);
        return;
      }
      default:
        return;
    }
  }

  /** A rule that only observes would have refused a message: an `Observer` of a contract. */
  observed({ clientId, name: user }: Principal, refusal: Refusal, { topicName: topic, payload }: PublishRequest): void {
    const { reasonCode, reasonString: reason, place } = refusal;
    this.#note({ what: "publish", observed: true, clientId, user, topic, reasonCode, reason, place }, payload);
  }

  /** From the one longest ago on; only those behind a sequence number. */
  rows(after: number): RefusalRow[] {
    return [...this.#entries.values()].filter(({ sequence }) => sequence > after).map(rowOf);
  }

  #note(noted: Noted, payload: Uint8Array | undefined): void {
    const { what, observed, clientId, topic, reasonCode, place } = noted;
    const key = `${what} ${observed} ${reasonCode} ${place}\n${shortText(clientId)}\n${shortText(topic ?? "")}`;
    const now = Date.now();
    this.#sequence += 1;
    const known = this.#entries.get(key);
    const entry = known ?? entryOf(noted, now);
    entry.sequence = this.#sequence;
    entry.count += 1;
    entry.lastAt = now;
    entry.reason = shortText(noted.reason);
    if (payload !== undefined) keepHead(entry, payload);
    if (entry !== this.#last) {
      if (known !== undefined) this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.#last = entry;
    }
    if (this.#entries.size <= this.#max) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }
}

/** In the place of the last one. */
function keepHead(entry: Entry, payload: Uint8Array): void {
  const length = Math.min(payload.length, headBytes);
  const head = entry.head?.length === length ? entry.head : new Uint8Array(length);
  for (let index = 0; index < length; index += 1) head[index] = payload[index]!;
  entry.head = head;
  entry.payloadBytes = payload.length;
}

function entryOf({ what, observed, clientId, user, topic, reasonCode, reason, place }: Noted, now: number): Entry {
  return {
    what,
    observed,
    clientId: shortText(clientId),
    user: shortText(user),
    topic: topic === null ? null : shortText(topic),
    reasonCode,
    firstAt: now,
    sequence: 0,
    count: 0,
    lastAt: now,
    reason,
    place,
    head: undefined,
    payloadBytes: null,
  };
}

function rowOf({ head, firstAt, lastAt, ...entry }: Entry): RefusalRow {
  return {
    ...entry,
    firstAt: new Date(firstAt).toISOString(),
    lastAt: new Date(lastAt).toISOString(),
    payloadHead: head === undefined ? null : textOf(head, entry.payloadBytes ?? 0),
  };
}

/** Without the part of a character at the cut. */
function textOf(head: Uint8Array, payloadBytes: number): string {
  const isCut = payloadBytes > head.length;
  return `${new TextDecoder("utf-8").decode(head, { stream: isCut })}${isCut ? "…" : ""}`;
}
