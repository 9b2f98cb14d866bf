/** The smallest array that is kept; a ring that was never used has none. */
const capacityMin = 8;

/**
 * A growable queue in a ring; both ends are O(1), nothing is moved but when it grows or shrinks.
 *
 * ```
 *   slots  │ d │ e │   │   │ a │ b │ c │     capacity: a power of two
 *                    ↑       ↑ head
 *                  head + length
 * ```
 */
export class Ring<T> {
  #slots: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  /** How many items there are. */
  get length(): number {
    return this.#length;
  }

  /** Puts an item behind the last. */
  push(item: T): void {
    if (this.#length === this.#slots.length) this.#resize(Math.max(capacityMin, this.#length * 2));
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
  }

  /** Puts an item in front of the head. */
  unshift(item: T): void {
    if (this.#length === this.#slots.length) this.#resize(Math.max(capacityMin, this.#length * 2));
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#length += 1;
  }

  /** The head, without taking it. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head];
  }

  /** The item so many places behind the head. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)];
  }

  /** Takes the head. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    if (this.#slots.length > capacityMin && this.#length * 4 <= this.#slots.length)
      this.#resize(this.#slots.length / 2);
    return item;
  }

  /** Forgets all items and gives the memory back. */
  clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.#length = 0;
  }

  #resize(capacity: number): void {
    const slots: (T | undefined)[] = new Array(capacity).fill(undefined);
    for (let index = 0; index < this.#length; index += 1) slots[index] = this.at(index);
    this.#slots = slots;
    this.#head = 0;
  }
}
