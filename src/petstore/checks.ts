import { Refusal, storeLimits, type Table } from "./domain.ts";
import type { Draft } from "./draft.ts";
import { isIdentifier } from "./identifiers.ts";

/** The id that was wished for, or one of our making; refused when it is none or is taken. */
export function newIdentifier(draft: Draft, table: Table, wish: string | undefined): string | Refusal {
  const id = wish ?? draft.newId();
  if (!isIdentifier(id)) {
    const sentence = "an id is 1 to 64 letters, digits and . _ - and begins with a letter or a digit";
    return new Refusal("invalid", sentence);
  }
  if (draft.get(table, id) !== undefined) return new Refusal("conflict", `${id} is in use already`);
  return id;
}

/** Whether there may be one more. */
export function checkRoom(draft: Draft, table: Table, most: number): Refusal | undefined {
  if (draft.count(table) < most) return undefined;
  return new Refusal("full", `there are ${most} ${table} already, and that is the most`);
}

/** A text that people read. */
export function checkText(name: string, text: string): Refusal | undefined {
  if (text.trim() !== "" && text.length <= storeLimits.nameLengthMax) return undefined;
  return new Refusal("invalid", `${name} has 1 to ${storeLimits.nameLengthMax} characters`);
}

/** A whole number between two others, both included. */
export function checkWhole(name: string, value: number, least: number, most: number): Refusal | undefined {
  if (Number.isInteger(value) && value >= least && value <= most) return undefined;
  return new Refusal("invalid", `${name} is a whole number from ${least} to ${most}`);
}

/** A price or a fee. */
export function checkCents(name: string, cents: number): Refusal | undefined {
  return checkWhole(name, cents, 0, storeLimits.centsMax);
}

/** The first that says no. */
export function firstRefusal(...checks: readonly (Refusal | undefined)[]): Refusal | undefined {
  return checks.find((refusal) => refusal !== undefined);
}

/** What is not there. */
export function unknown(what: string, id: string): Refusal {
  return new Refusal("not-found", `there is no ${what} ${id}`);
}
