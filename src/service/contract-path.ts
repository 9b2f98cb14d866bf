import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The pet store's, which is served when no other is named; as a path that is short from here. */
export function defaultContractFile(): string {
  const path = fileURLToPath(new URL("../../contracts/petstore.asyncapi.yaml", import.meta.url));
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}
