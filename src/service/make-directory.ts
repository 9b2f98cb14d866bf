import { accessSync, constants, mkdirSync } from "node:fs";

/**
 * Makes a directory that only this user may read, if it is not there, and sees whether it can be written to.
 * @throws Error with a sentence
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`the store cannot be kept in ${path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "this user may not write there; give it to the user of the server, or choose another with --data";
    case "EROFS":
      return "its file system is read-only; choose another with --data";
    case "ENOSPC":
      return "the disk is full; make room, or choose another with --data";
    case "ENOTDIR":
    case "EEXIST":
      return "a file is in the way; choose another with --data";
    default:
      return message;
  }
}
