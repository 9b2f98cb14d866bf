/** What one attack came to, in one run. */
export interface Figure {
  readonly attack: string;
  /** How much of it there was. */
  readonly did: string;
  /** What the server held more than before while the attack stood. */
  readonly heldMiB: number;
  /** The most that the process had, garbage and code included. */
  readonly rssMaxMiB: number;
  /** The longest time in which nobody got a turn. */
  readonly stalledMilliseconds: number;
  /** The slowest message of the well-behaved pair before the attack. */
  readonly quietMilliseconds: number;
  /** The same during the attack. */
  readonly slowestMilliseconds: number;
}
