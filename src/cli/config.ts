import { type Config, configTable } from "../server/config.ts";
import { loadConfig } from "../service/load-config.ts";
import { columns } from "./columns.ts";
import type { Given } from "./command.ts";

/** `petstore-mqtt config` */
export async function listConfig(): Promise<number> {
  process.stdout.write(configTableText());
  return 0;
}

/**
 * `petstore-mqtt config check FILE`
 * @throws ConfigError with every finding, Error when it cannot be read
 */
export async function checkConfig({ positionals }: Given): Promise<number> {
  const [file = ""] = positionals;
  await loadConfig(file);
  process.stdout.write(`${file}: nothing is wrong\n`);
  return 0;
}

/** `petstore-mqtt config show` */
export async function showConfig(given: Given): Promise<number> {
  process.stdout.write(configInForceText(await loadConfig(given.text("config"))));
  return 0;
}

/** Every key of the configuration file: one row each. */
export function configTableText(): string {
  const rows = configTable.map(({ key, default: value, unit, description }) => [key, value, unit, description]);
  return columns([["KEY", "DEFAULT", "UNIT", "WHAT IT IS"], ...rows]);
}

/** The value of every key, and where it comes from; an item of a list is one row. */
export function configInForceText(config: Config): string {
  const rows: string[][] = [];
  const lists = new Set<string>();
  for (const { key, default: defaultText } of configTable) {
    const [list = "", rest] = key.split("[]");
    if (rest === undefined) rows.push(valueRow(key, valueAt(config, key), defaultText));
    else if (!lists.has(list)) {
      lists.add(list);
      rows.push(...itemRows(list, valueAt(config, list)));
    }
  }
  return columns([["KEY", "VALUE", "FROM"], ...rows]);
}

function valueAt(config: Config, key: string): unknown {
  return key
    .split(".")
    .reduce((value: unknown, part) => (value as Record<string, unknown> | undefined)?.[part], config);
}

function valueRow(key: string, value: unknown, defaultText: string): string[] {
  const isSaid = value !== undefined && !(Array.isArray(value) && value.length === 0);
  return isSaid ? [key, text(value), "file"] : [key, defaultText, "default"];
}

function itemRows(list: string, items: unknown): string[][] {
  if (!Array.isArray(items)) return [[list, "usual", "default"]];
  if (items.length === 0) return [[list, "none", "default"]];
  return items.map((item: unknown, index) => {
    const { place, ...rest } = item as Record<string, unknown>;
    return [`${list}[${index}]`, JSON.stringify(rest), String(place ?? "file")];
  });
}

function text(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
