import { pino } from "pino";
import type { Change, Decision, Moment, Rows, State, Table } from "../../src/petstore/domain.ts";
import { Refusal } from "../../src/petstore/domain.ts";
import { type Command, decide } from "../../src/petstore/draft.ts";

export const silent: pino.Logger = pino({ level: "silent" });

/** A fixed day. */
export const someDay: number = Date.parse("2026-11-22T10:15:00Z");

/** A state that is changed by commands, with ids `id-1`, `id-2` … */
export class DomainStage {
  readonly state: { readonly [Name in Table]: Map<string, Rows[Name]> } = {
    pets: new Map(),
    products: new Map(),
    orders: new Map(),
    payments: new Map(),
    devices: new Map(),
    customers: new Map(),
    memos: new Map(),
  };
  now: number = someDay;
  #ids = 0;

  get moment(): Moment {
    return { now: this.now, newId: () => `id-${++this.#ids}` };
  }

  /** Carries it out, whatever comes of it. */
  try<Result>(command: Command<Result>): Decision<Result> | Refusal {
    const decision = decide(this.state satisfies State, command, this.moment);
    if (!(decision instanceof Refusal)) for (const change of decision.changes) this.#apply(change);
    return decision;
  }

  /**
   * Carries it out.
   * @throws Error when it is refused
   */
  do<Result>(command: Command<Result>): Decision<Result> {
    const decision = this.try(command);
    if (decision instanceof Refusal) throw new Error(`refused: ${decision.sentence}`);
    return decision;
  }

  /** Why it is not carried out. */
  refusal(command: Command<unknown>): Refusal {
    const decision = this.try(command);
    if (!(decision instanceof Refusal)) throw new Error("it was not refused");
    return decision;
  }

  #apply({ table, id, row }: Change): void {
    const rows = this.state[table] as Map<string, Rows[Table]>;
    if (row === undefined) rows.delete(id);
    else rows.set(id, row);
  }
}

/** Topics and status or quantity of events, one a line. */
export function said({ events }: Decision<unknown>): string[] {
  return events.map(({ topicName, payload }) => {
    const { status, kind, quantity, available } = (payload ?? {}) as Record<string, unknown>;
    return `${topicName} ${payload === undefined ? "gone" : (status ?? kind ?? quantity ?? available)}`;
  });
}
