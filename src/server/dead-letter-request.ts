import type { Lost } from "../broker/replay.ts";
import {
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterStore,
  deadLetterCauses,
} from "../store/dead-letters.ts";
import { matches } from "../topics/match.ts";
import { type MessageRow, messageRow } from "./message-row.ts";

const actions = ["list", "replay", "remove"] as const;

/** What people want to see of dead letters, or done with them. */
export interface DeadLetterRequest {
  readonly action: (typeof actions)[number];
  /** Which ones; all when it is empty. */
  readonly numbers: readonly number[];
  /** Only those with a Topic Name that it matches; empty for all. */
  readonly topicFilter: string;
  /** Only those of this cause. */
  readonly cause?: DeadLetterCause | undefined;
  /** Payload and Properties too. */
  readonly whole: boolean;
  /** Of a list: so many are passed over, and then at most so many given; 0 for all. */
  readonly skip: number;
  readonly limit: number;
}

/** A dead letter, for people. */
export interface DeadLetterRow extends MessageRow {
  readonly number: number;
  readonly cause: DeadLetterCause;
  readonly at: string;
  /** Who published it, when it was refused; else whose queue lost it. */
  readonly clientId: string;
  /** Null when the publisher is not known. */
  readonly user: string | null;
  /** Null when it was accepted. */
  readonly reasonCode: number | null;
  readonly reason: string;
  readonly place: string;
}

/** What became of a letter that was to be replayed or removed. */
export interface DeadLetterDoneRow {
  readonly number: number;
  readonly topicName: string;
  readonly done: boolean;
  /** Why not. */
  readonly reason: string | null;
}

/** Brings a message to where it did not come; resolves with why not, or undefined after the commit that keeps it. */
export type Replayer = (lost: Lost) => Promise<string | undefined>;

/** Letters that are worked on at one time. */
const sliceMax = 100;

/** A request as it came from outside; undefined when it is none. */
export function readDeadLetterRequest(json: unknown): DeadLetterRequest | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { action, numbers, topicFilter, cause, whole, skip, limit } = json as Partial<Record<string, unknown>>;
  const asked = actions.find((each) => each === action);
  const known = deadLetterCauses.find((each) => each === cause);
  if (asked === undefined || (cause !== undefined && known === undefined)) return undefined;
  if (!Array.isArray(numbers) || !numbers.every(isCount) || typeof topicFilter !== "string") return undefined;
  if (typeof whole !== "boolean" || !isCount(skip) || !isCount(limit)) return undefined;
  return { action: asked, numbers, topicFilter, cause: known, whole, skip, limit };
}

/**
 * Does what is asked, in slices. A letter is removed after the commit that keeps what was replayed of it: when the process
 * dies in between, it is there still and its message comes twice.
 */
export async function* answerDeadLetters(
  request: DeadLetterRequest,
  letters: DeadLetterStore,
  replay: Replayer,
): AsyncIterable<readonly (DeadLetterRow | DeadLetterDoneRow)[]> {
  const { action, whole } = request;
  for await (const found of select(request, letters)) {
    if (action === "list") {
      yield found.map(({ number, letter }) => letterRow(number, letter, whole));
      continue;
    }
    const reasons =
      action === "remove" ? [] : await Promise.all(found.map(async ({ letter }) => await replay(lostOf(letter))));
    const done = found.filter((_, index) => reasons[index] === undefined).map(({ number }) => number);
    await letters.remove(done);
    yield found.map(({ number, letter: { message } }, index) => {
      const reason = reasons[index] ?? null;
      return { number, topicName: message.topicName, done: reason === null, reason };
    });
  }
}

interface Found {
  readonly number: number;
  readonly letter: DeadLetter;
}

async function* select(request: DeadLetterRequest, letters: DeadLetterStore): AsyncIterable<readonly Found[]> {
  const { numbers, topicFilter, cause, skip, limit } = request;
  const asked = numbers.length === 0 ? [...letters.numbers()] : [...new Set(numbers)].sort((a, b) => a - b);
  let passed = 0;
  let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  for (let at = 0; at < asked.length && left > 0; at += sliceMax) {
    const slice = asked.slice(at, at + sliceMax);
    const read = await Promise.all(slice.map(async (number) => ({ number, letter: await letters.read(number) })));
    const fitting = read.filter((each): each is Found => each.letter !== undefined && fits(each.letter));
    const found = fitting.slice(Math.max(0, skip - passed)).slice(0, left);
    passed += fitting.length;
    left -= found.length;
    if (found.length > 0) yield found;
  }

  function fits(letter: DeadLetter): boolean {
    if (cause !== undefined && letter.cause !== cause) return false;
    return topicFilter === "" || matches(topicFilter, letter.message.topicName);
  }
}

function letterRow(number: number, letter: DeadLetter, whole: boolean): DeadLetterRow {
  const { cause, at, clientId, principal, reasonCode, reason, place, message } = letter;
  return {
    number,
    cause,
    at: new Date(at).toISOString(),
    clientId,
    user: principal?.name ?? null,
    reasonCode: reasonCode === 0 ? null : reasonCode,
    reason,
    place,
    ...messageRow(message, message.qos, whole),
  };
}

function lostOf({ cause, clientId, principal, message }: DeadLetter): Lost {
  if (cause !== "refused") return { cause, clientId, message };
  return { cause, principal: principal ?? { tenant: 0, name: "", roles: [], clientId }, message };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
