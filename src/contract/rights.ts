import type { Principal } from "../broker/authentication.ts";
import type { ParameterValue } from "./channel-matcher.ts";
import type { Operation, OwnTemplate, Role } from "./contract.ts";

/** Tells what belongs to whom, where only a store of ours knows it: `own: { orderId: store:orders }`. */
export interface Ownership {
  owns(principal: Principal, name: string, id: string): boolean;
}

/** Where there is no such store, a claim of its name stands for it. */
export const claimsOwnership: Ownership = {
  owns: ({ claims }, name, id) => claims?.get(name)?.includes(id) ?? false,
};

/** A role as one Principal holds it. */
export interface Grant {
  readonly roleName: string;
  readonly scopes: ReadonlySet<string>;
  readonly own: ReadonlyMap<string, OwnTemplate>;
  readonly mayReadServerTopics: boolean;
}

/** What lets a Principal use an operation, and what of it is only its own. */
export interface Leave {
  readonly operation: Operation;
  readonly grant: Grant;
}

const noOwn: ReadonlyMap<string, OwnTemplate> = new Map();

/** The roles of a Principal. Where the contract has none, they are the scopes. */
export function grantsOf(roles: ReadonlyMap<string, Role>, principal: Principal): readonly Grant[] {
  if (roles.size === 0) {
    const scopes = new Set(principal.roles);
    return [{ roleName: principal.roles.join(", "), scopes, own: noOwn, mayReadServerTopics: scopes.has("$SYS") }];
  }
  const grants: Grant[] = [];
  for (const name of principal.roles) {
    const role = roles.get(name);
    if (role === undefined) continue;
    const { scopes, own, mayReadServerTopics } = role;
    grants.push({ roleName: name, scopes, own, mayReadServerTopics });
  }
  return grants;
}

/** What of these operations the Principal may use at all. */
export function leavesFor(
  operations: readonly Operation[],
  grants: readonly Grant[],
  principal: Principal,
): readonly Leave[] {
  const leaves: Leave[] = [];
  for (const operation of operations) {
    const { security, isPublic } = operation;
    const forAll = isPublic || (principal.name !== "" && security.some((scopes) => scopes.length === 0));
    const all = grants.length === 0 && forAll ? [nobody] : grants;
    for (const grant of all) {
      if (forAll || security.some((scopes) => scopes.every((scope) => grant.scopes.has(scope)))) {
        leaves.push({ operation, grant });
      }
    }
  }
  return leaves;
}

const nobody: Grant = { roleName: "", scopes: new Set(), own: noOwn, mayReadServerTopics: false };

/** The first value that is not the Principal's own; undefined when all are, or need not be. */
export function foreignValue(
  { own }: Grant,
  values: readonly ParameterValue[],
  principal: Principal,
  ownership: Ownership,
): ParameterValue | undefined {
  if (own.size === 0) return undefined;
  return values.find(({ name, value }) => {
    const template = own.get(name);
    return template !== undefined && !ownsBy(template, value, principal, ownership);
  });
}

/** Whether an answer may be another one the next time. */
export function isVolatile({ own }: Grant, values: readonly ParameterValue[]): boolean {
  return own.size > 0 && values.some(({ name }) => own.get(name)?.kind === "store");
}

/** Where the ids of a template come from, for people. */
export function templateText(template: OwnTemplate): string {
  switch (template.kind) {
    case "clientId":
      return "its client id";
    case "userName":
      return "its user name";
    case "claim":
      return `its claim ${template.name}`;
    case "certificate":
      return `${template.name} of its certificate`;
    case "store":
      return `its ${template.name}`;
  }
}

function ownsBy(template: OwnTemplate, value: string, principal: Principal, ownership: Ownership): boolean {
  switch (template.kind) {
    case "clientId":
      return value === principal.clientId;
    case "userName":
      return value === principal.name;
    case "claim":
      return principal.claims?.get(template.name)?.includes(value) ?? false;
    case "certificate":
      return principal.claims?.get(`certificate.${template.name}`)?.includes(value) ?? false;
    case "store":
      return ownership.owns(principal, template.name, value);
  }
}
