import { configTable } from "../server/config.ts";
import { columns } from "./columns.ts";

/** What `petstore-mqtt config` prints: one row a key. */
export function configTableText(): string {
  const rows = configTable.map(({ key, default: value, unit, description }) => [key, value, unit, description]);
  return columns([["KEY", "DEFAULT", "UNIT", "WHAT IT IS"], ...rows]);
}
