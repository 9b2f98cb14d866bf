import type { Principal } from "../broker/authentication.ts";
import type { Identity } from "./in-process.ts";

/**
 * The Principal of somebody whom the program names.
 * @throws TypeError when it is no identity: what is no text could not be kept, and would stop the store
 */
export function programPrincipal(identity: Identity, clientId: string): Principal {
  const { name, roles = [] } = identity;
  if (typeof name !== "string") throw new TypeError(`an identity's name is a text, not ${String(name)}`);
  if (Array.isArray(roles) && roles.every((role) => typeof role === "string")) {
    return { tenant: 0, name, roles, clientId };
  }
  throw new TypeError(`the roles of ${JSON.stringify(name)} are no list of texts`);
}
