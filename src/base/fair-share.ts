/**
 * One bound for many holders. Below it everybody takes what he likes; above it only those may take more who hold less
 * than an even part: whoever holds much is stopped, whoever holds little is not, and all together never hold more than
 * twice the bound.
 *
 * ```
 *          bound 12, 3 holders: an even part is 4
 *   A  █████████        9   may not take more
 *   B  ███              3   may take 1
 *   C  █                1   may take 3
 * ```
 */
export class FairShare {
  readonly #max: number;
  #held = 0;
  #holders = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** What all of them hold. */
  get held(): number {
    return this.#held;
  }

  /** Whether a holder of `own` may take `more`. */
  allows(own: number, more: number): boolean {
    if (this.#held + more <= this.#max) return true;
    // Parts were larger while holders were fewer, so even parts alone could come to more.
    if (this.#held + more > this.#max * 2) return false;
    const holders = own > 0 ? this.#holders : this.#holders + 1;
    return own + more <= this.#max / holders;
  }

  /** What one holder holds was `before` and is `after`. */
  changed(before: number, after: number): void {
    this.#held += after - before;
    if (before === 0 && after > 0) this.#holders += 1;
    else if (before > 0 && after === 0) this.#holders -= 1;
  }
}
