/** One flag of a command. */
export interface Flag {
  /** Without the dashes: `log-level`. */
  readonly name: string;
  /** One letter: `t` for `-t`. */
  readonly short?: string;
  /** What stands for its value in the help: `FILE`. Without one it is a switch. */
  readonly value?: string;
  /** A value to show in error messages: `broker.yaml`. */
  readonly example?: string;
  /** It may be given more than once. */
  readonly many?: true;
  /** An empty value is one too: `--message ""`. */
  readonly mayBeEmpty?: true;
  /** The values there are: others are refused, shell completion offers these. */
  readonly choices?: readonly string[];
  /** What shell completion offers when there are no choices. */
  readonly completes?: "file" | "directory";
  /** One line for the help. */
  readonly summary: string;
}

/** The arguments of one call, checked against the flags of its command. */
export interface Given {
  /** Whether a switch was given. */
  has(flag: string): boolean;
  /** The value of a flag; the last one of a flag that may be given more than once. */
  text(flag: string): string | undefined;
  /** All values of a flag that may be given more than once. */
  texts(flag: string): readonly string[];
  /** @throws UsageError when it is no whole number between the two, both included */
  integer(flag: string, minimum: number, maximum: number): number | undefined;
  /** What is not a flag, in order. */
  readonly positionals: readonly string[];
}

/** An example for the help: what it is good for, and what to type. */
export interface Example {
  readonly summary: string;
  readonly line: string;
}

/** One command of the program. */
export interface Command {
  /** With a space for those of a family: `account add`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Behind the flags, for the help: `TOPIC [MESSAGE]`. Empty when there are none. */
  readonly positionals: string;
  /** How many of them there may be. */
  readonly positionalsMin: number;
  readonly positionalsMax: number;
  readonly flags: readonly Flag[];
  readonly examples: readonly Example[];
  /** More for its help, in whole lines; may be empty. */
  readonly notes: string;
  /** The code comes with the call, so that the other commands start without it. */
  readonly load: () => Promise<Run>;
}

/**
 * Does what was asked for. `commands` is the whole table, for those that speak of it.
 * @returns the exit code (`exit-codes.ts`)
 * @throws UsageError, ConfigError, or Error with sentences for people
 */
export type Run = (given: Given, commands: readonly Command[]) => Promise<number>;
