/** One exit code, for people. */
export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** How the commands end; the help and `docs/commands.md` are printed from it. */
export const exitCodes: readonly ExitCode[] = [
  { code: 0, meaning: "it did what it was asked" },
  { code: 1, meaning: "it could not, or what was asked for is not there; stderr says why" },
  { code: 2, meaning: "the command line is wrong; stderr says how to mend it" },
  { code: 3, meaning: "pub, sub: the time was over before the work was done" },
  { code: 4, meaning: "pub, sub: the server refused a message or a subscription; stderr says which and why" },
  { code: 130, meaning: "ended by Ctrl-C (SIGINT) before its work was done; serve: by the second one" },
  { code: 143, meaning: "ended at once by a second SIGTERM" },
];
