import { Ring } from "../../base/ring.ts";
import type { LogBlock } from "./log-block.ts";

/** So many rows that are gone may stand in the list, and half of it. */
const paidBlocksMax = 1_024;

/** A row of the log and how much of it is still owed to somebody. */
interface Block {
  readonly first: number;
  /** Pairs of message and owner that are not settled. */
  owed: number;
  /** When no more than these are left, most of the row is of no use. */
  sparseAt: number;
}

/** A row is written again without what is settled when this part of it is left. */
const sparsePart = 4;

/**
 * What one owner still has, by number: ascending up to a floor below which all is settled, and those settled above it.
 *
 * ```
 *   numbers   17  21  22  30          settled ahead: 22, 30
 *             ▲ floor is 16: everything below the first that is owed
 * ```
 */
interface Owed {
  readonly numbers: Ring<number>;
  readonly ahead: Set<number>;
}

/** What a batch changed for one owner, as the rows that say so. */
export interface SettledRows {
  /** The new floor; undefined when it did not move. */
  readonly floor: number | undefined;
  /** Settled above the floor, to be written. */
  readonly added: readonly number[];
  /** Written before, and now below the floor. */
  readonly removed: readonly number[];
}

/**
 * Who is owed which kept message: in memory, 8 bytes for each, so that a row of the log can go when nobody needs it. A
 * settled message costs one moved floor for its owner and commit, not a row.
 */
export class Backlog {
  #blocks: Block[] = [];
  /** How many of them are gone; they are let go of together. */
  #paidBlocks = 0;
  readonly #owners: Map<number, Owed> = new Map();
  readonly #changed: Map<number, { added: Set<number>; removed: number[]; floor: number | undefined }> = new Map();
  #emptied: number[] = [];
  #sparse: number[] = [];

  /** Messages were kept: each owner has them until it settles. */
  keep({ first, messages }: LogBlock): void {
    let owed = 0;
    for (const { number, targets } of messages) {
      owed += targets.length;
      for (const { owner } of targets) this.owe(owner, number);
    }
    this.addBlock(first, owed);
  }

  /** A row of the log, in ascending order. */
  addBlock(first: number, owed: number): void {
    if (owed === 0) this.#emptied.push(first);
    else this.#blocks.push({ first, owed, sparseAt: Math.floor(owed / sparsePart) });
  }

  /** One more message for this owner, ascending. */
  owe(owner: number, number: number): void {
    let owed = this.#owners.get(owner);
    if (owed === undefined) {
      owed = { numbers: new Ring(), ahead: new Set() };
      this.#owners.set(owner, owed);
    }
    owed.numbers.push(number);
  }

  /** The owner is done with it; what is not owed changes nothing. */
  settle(owner: number, number: number): void {
    const owed = this.#owners.get(owner);
    const head = owed?.numbers.peek();
    if (owed === undefined || head === undefined || !this.isOwed(owner, number)) return;
    const change = this.#changeOf(owner);
    if (number !== head) {
      owed.ahead.add(number);
      change.added.add(number);
      this.#pay(number);
      return;
    }
    this.#pay(number);
    change.floor = number;
    owed.numbers.shift();
    for (let next = owed.numbers.peek(); next !== undefined && owed.ahead.delete(next); next = owed.numbers.peek()) {
      owed.numbers.shift();
      change.floor = next;
      if (!change.added.delete(next)) change.removed.push(next);
    }
    if (owed.numbers.length === 0) this.#owners.delete(owner);
  }

  /** Whether the owner still has the message. */
  isOwed(owner: number, number: number): boolean {
    const owed = this.#owners.get(owner);
    return owed !== undefined && !owed.ahead.has(number) && stands(owed.numbers, number);
  }

  /** Whether anybody still needs a row of the log. */
  isNeeded(first: number): boolean {
    const block = this.#blocks[this.#indexOf(first)];
    return block?.first === first && block.owed > 0;
  }

  /** The owner is no more: up to so many of its messages are settled; false when none is left. */
  drop(owner: number, most: number): boolean {
    const owed = this.#owners.get(owner);
    if (owed === undefined) return false;
    for (let step = 0; step < most; step += 1) {
      const number = owed.numbers.shift();
      if (number === undefined) break;
      if (!owed.ahead.delete(number)) this.#pay(number);
    }
    if (owed.numbers.length > 0) return true;
    this.#owners.delete(owner);
    return false;
  }

  /** What has changed since the last call, by owner. */
  takeSettled(): Map<number, SettledRows> {
    const rows = new Map<number, SettledRows>();
    for (const [owner, { added, removed, floor }] of this.#changed)
      rows.set(owner, { added: [...added], removed, floor });
    this.#changed.clear();
    return rows;
  }

  /** The rows of the log that nobody needs since the last call. */
  takeEmptied(): number[] {
    const emptied = this.#emptied;
    if (emptied.length > 0) this.#emptied = [];
    return emptied;
  }

  /** A row of the log of which little is still needed; undefined when there is none. */
  takeSparse(): number | undefined {
    return this.#sparse.pop();
  }

  /** Which row of the log a message stands in. */
  blockOf(number: number): number | undefined {
    return this.#blocks[this.#indexOf(number)]?.first;
  }

  #changeOf(owner: number): { added: Set<number>; removed: number[]; floor: number | undefined } {
    let change = this.#changed.get(owner);
    if (change === undefined) {
      change = { added: new Set(), removed: [], floor: undefined };
      this.#changed.set(owner, change);
    }
    return change;
  }

  #pay(number: number): void {
    const block = this.#blocks[this.#indexOf(number)];
    if (block === undefined) return;
    block.owed -= 1;
    if (block.owed > 0) {
      if (block.owed > block.sparseAt) return;
      block.sparseAt = Math.floor(block.owed / sparsePart);
      this.#sparse.push(block.first);
      return;
    }
    this.#emptied.push(block.first);
    this.#paidBlocks += 1;
    if (this.#paidBlocks < paidBlocksMax || this.#paidBlocks * 2 < this.#blocks.length) return;
    this.#blocks = this.#blocks.filter(({ owed }) => owed > 0);
    this.#paidBlocks = 0;
  }

  /** The last block that begins at or before the number. */
  #indexOf(number: number): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle]?.first ?? 0) <= number) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Numbers ascend, so it is found by halves. */
function stands(numbers: Ring<number>, number: number): boolean {
  let low = 0;
  let high = numbers.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = numbers.at(middle) ?? 0;
    if (found === number) return true;
    if (found < number) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
