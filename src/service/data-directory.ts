import { resolve } from "node:path";
import { type Config, defaultData } from "../server/config.ts";

/** Where state and certificates are kept: the flag's word, the file's, or the default; absolute. */
export function dataDirectory(flag: string | undefined, config: Config): string {
  return resolve(flag ?? config.data ?? defaultData);
}
