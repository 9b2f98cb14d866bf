/** What may be asked of a broker's state. */
const subjects = ["sessions", "session", "retained", "retainedMessage", "queues", "queue", "refusals"] as const;

/** What people want to know of a broker's state. */
export interface Question {
  readonly about: (typeof subjects)[number];
  /**
   * Client Identifier, Topic Name, Topic Filter, or the name of a shared group; empty for all Sessions or queues. Of refusals, the
   * sequence number behind which they are wanted.
   */
  readonly name: string;
  /** Payload and Properties of messages too. */
  readonly whole: boolean;
  /** So many are passed over first. */
  readonly skip: number;
  /** At most so many; 0 for all. */
  readonly limit: number;
}

/** A question as it came from outside; undefined when it is none. */
export function readQuestion(json: unknown): Question | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { about, name, whole, skip, limit } = json as Partial<Record<keyof Question, unknown>>;
  const subject = subjects.find((each) => each === about);
  if (subject === undefined || typeof name !== "string" || typeof whole !== "boolean") return undefined;
  return isCount(skip) && isCount(limit) ? { about: subject, name, whole, skip, limit } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
