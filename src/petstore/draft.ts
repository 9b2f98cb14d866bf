import {
  type Change,
  type Decision,
  type Moment,
  Refusal,
  type Rows,
  type State,
  type StoreEvent,
  type Table,
} from "./domain.ts";

/** A step of the domain: reads and changes a draft, and answers with what came of it, or why nothing may. */
export type Command<Result> = (draft: Draft) => Result | Refusal;

/** What a command comes to in this state; the state stays as it is. */
export function decide<Result>(state: State, command: Command<Result>, moment: Moment): Decision<Result> | Refusal {
  const draft = new Draft(state, moment);
  const result = command(draft);
  return result instanceof Refusal ? result : { result, changes: draft.changes, events: draft.events };
}

/** A state with changes that are not made yet. */
export class Draft {
  readonly now: number;
  readonly #state: State;
  readonly #moment: Moment;
  readonly #changes: Map<string, Change> = new Map();
  readonly #events: StoreEvent[] = [];

  constructor(state: State, moment: Moment) {
    this.now = moment.now;
    this.#state = state;
    this.#moment = moment;
  }

  newId(): string {
    return this.#moment.newId();
  }

  get<Name extends Table>(table: Name, id: string): Rows[Name] | undefined {
    const change = this.#changes.get(`${table}/${id}`);
    return change === undefined ? this.#state[table].get(id) : (change.row as Rows[Name] | undefined);
  }

  /** How many there were before the changes. */
  count(table: Table): number {
    return this.#state[table].size;
  }

  put<Name extends Table>(table: Name, row: Rows[Name]): Rows[Name] {
    this.#changes.set(`${table}/${row.id}`, { table, id: row.id, row } as Change);
    return row;
  }

  remove(table: Table, id: string): void {
    this.#changes.set(`${table}/${id}`, { table, id, row: undefined });
  }

  /** Says something, behind what was said before. */
  say(event: StoreEvent): void {
    this.#events.push(event);
  }

  get changes(): readonly Change[] {
    return [...this.#changes.values()];
  }

  get events(): readonly StoreEvent[] {
    return this.#events;
  }
}
