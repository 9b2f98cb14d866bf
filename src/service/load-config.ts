import { readFile } from "node:fs/promises";
import { type Config, emptyConfig } from "../server/config.ts";
import { parseConfig } from "../server/config-file.ts";
import { findingText } from "../server/yaml-reader.ts";
import { ConfigError } from "./errors.ts";

/**
 * The configuration that `--config` names, or none.
 * @throws Error when it cannot be read, ConfigError when something is wrong with it
 */
export async function loadConfig(file: string | undefined): Promise<Config> {
  if (file === undefined) return emptyConfig;
  const { config, findings } = parseConfig(file, await readConfig(file));
  if (findings.length > 0) throw new ConfigError(findings.map(findingText).join("\n"));
  return config;
}

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = reasons[code ?? ""] ?? message;
    throw new Error(`${file} cannot be read: ${why}; check the path of the configuration file`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EISDIR: "it is a directory",
  ENOTDIR: "a file stands where its directory should be",
  EACCES: "this user may not",
};
