/** The command line is wrong; the message is a sentence that says how to mend it. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The configuration file is wrong; the message is one finding a line. Exit code 1. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
