import {
  accountAddCommand,
  accountListCommand,
  accountPasswdCommand,
  accountRemoveCommand,
  accountRolesCommand,
} from "./account-commands.ts";
import type { Command } from "./command.ts";
import { completionCommand } from "./completion-command.ts";
import { configCheckCommand, configCommand, configShowCommand } from "./config-command.ts";
import {
  contractCheckCommand,
  contractDocsCommand,
  contractExplainCommand,
  contractTypesCommand,
} from "./contract-commands.ts";
import {
  deadLettersListCommand,
  deadLettersRemoveCommand,
  deadLettersReplayCommand,
  deadLettersShowCommand,
} from "./dead-letters-command.ts";
import { helpCommand } from "./help-command.ts";
import { pubCommand } from "./pub-command.ts";
import { queueListCommand, queueShowCommand } from "./queue-command.ts";
import { refusalsCommand } from "./refusals-command.ts";
import { retainedListCommand, retainedShowCommand } from "./retained-command.ts";
import { serveCommand } from "./serve-command.ts";
import { sessionsDisconnectCommand, sessionsListCommand, sessionsShowCommand } from "./sessions-command.ts";
import { subCommand } from "./sub-command.ts";
import { versionCommand } from "./version-command.ts";

/** Every command, in the order of the help. Help, shell completion and `docs/commands.md` are printed from it. */
export const commands: readonly Command[] = [
  serveCommand,
  pubCommand,
  subCommand,
  accountAddCommand,
  accountListCommand,
  accountRemoveCommand,
  accountPasswdCommand,
  accountRolesCommand,
  sessionsListCommand,
  sessionsShowCommand,
  sessionsDisconnectCommand,
  retainedListCommand,
  retainedShowCommand,
  queueListCommand,
  queueShowCommand,
  refusalsCommand,
  deadLettersListCommand,
  deadLettersShowCommand,
  deadLettersReplayCommand,
  deadLettersRemoveCommand,
  contractCheckCommand,
  contractExplainCommand,
  contractTypesCommand,
  contractDocsCommand,
  configCommand,
  configCheckCommand,
  configShowCommand,
  completionCommand,
  helpCommand,
  versionCommand,
];
