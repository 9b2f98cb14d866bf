import type { Command, Flag } from "./command.ts";

const placeFlags: readonly Flag[] = [
  {
    name: "config",
    value: "FILE",
    example: "broker.yaml",
    completes: "file",
    summary: "the configuration file that the broker is started with",
  },
  {
    name: "data",
    value: "DIR",
    example: "./petstore-data",
    completes: "directory",
    summary: "the data directory that the broker is started with (./petstore-data)",
  },
];

const scramFlag: Flag = {
  name: "scram",
  summary: "keep keys for SCRAM-SHA-256 too; they are easier to guess from than the hash",
};

const passwordNotes = `On a terminal it asks for the password twice, without showing it; otherwise the first line of stdin is the password.
It is never taken from the command line, where others on this machine could read it.
A running broker notices within a second.`;

async function account(): Promise<typeof import("./account.ts")> {
  return await import("./account.ts");
}

export const accountAddCommand: Command = {
  name: "account add",
  summary: "add an account",
  positionals: "NAME",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [
    { name: "role", short: "r", value: "ROLE", example: "device", many: true, summary: "a role; may be given again" },
    scramFlag,
    ...placeFlags,
  ],
  examples: [
    { summary: "With a role that access rules know", line: "petstore-mqtt account add alice --role customer" },
    {
      summary: "From a script, with a password that nobody has to know by heart",
      line: "openssl rand -hex 16 | tee collar.password | petstore-mqtt account add collar-7 --role device",
    },
  ],
  notes: passwordNotes,
  load: async () => (await account()).addAccount,
};

export const accountListCommand: Command = {
  name: "account list",
  summary: "list the accounts with their roles",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [{ name: "json", summary: "one JSON object a line" }, ...placeFlags],
  examples: [{ summary: "Names of all devices", line: "petstore-mqtt account list --json | grep '\"device\"'" }],
  notes: "",
  load: async () => (await account()).listAccounts,
};

export const accountRemoveCommand: Command = {
  name: "account remove",
  summary: "remove an account and end its connections",
  positionals: "NAME",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: placeFlags,
  examples: [{ summary: "A collar that was lost", line: "petstore-mqtt account remove collar-7" }],
  notes: `Its sessions stay until they expire, and belong to the next account of this name.
A running broker notices within a second and ends its connections with 0x87 Not authorized.`,
  load: async () => (await account()).removeAccount,
};

export const accountPasswdCommand: Command = {
  name: "account passwd",
  summary: "give an account another password",
  positionals: "NAME",
  positionalsMin: 1,
  positionalsMax: 1,
  flags: [scramFlag, ...placeFlags],
  examples: [{ summary: "Asked for twice", line: "petstore-mqtt account passwd alice" }],
  notes: `${passwordNotes}
Connections that came with the old password end with 0x87. Without --scram, keys for SCRAM are removed.`,
  load: async () => (await account()).changePassword,
};

export const accountRolesCommand: Command = {
  name: "account roles",
  summary: "show the roles of an account, or give it others",
  positionals: "NAME [ROLE...]",
  positionalsMin: 1,
  positionalsMax: 33,
  flags: [{ name: "none", summary: "take all roles away" }, ...placeFlags],
  examples: [
    { summary: "Show them, one a line", line: "petstore-mqtt account roles alice" },
    { summary: "Exactly these two from now on", line: "petstore-mqtt account roles alice customer staff" },
  ],
  notes: `A running broker notices within a second. It ends the account's connections with 0x98 Administrative action, so that
they come back with the new roles.`,
  load: async () => (await account()).changeRoles,
};
