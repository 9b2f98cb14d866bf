import type { X509Certificate } from "node:crypto";
import type { Acceptance, Principal } from "../broker/authentication.ts";
import { accountNameProblem, roleProblem, rolesMax } from "./account-name.ts";
import type { Claims } from "./accounts.ts";

/** Fields of a certificate that a name or roles can be taken from. */
export const certificateFieldNames = [
  "CN",
  "OU",
  "O",
  "UID",
  "serialNumber",
  "emailAddress",
  "SAN.dns",
  "SAN.email",
] as const;
export type CertificateFieldName = (typeof certificateFieldNames)[number];

/** What a client certificate says of who somebody is. */
export interface CertificateIdentity {
  /** Where the name stands. */
  readonly name: CertificateFieldName;
  /** What everybody has who comes with a certificate alone. */
  readonly roles: readonly string[];
  /** Where further roles stand, one a value; undefined for none. */
  readonly rolesFrom: CertificateFieldName | undefined;
}

/** What the names of certificate fields begin with among the claims of a Principal. */
export const certificateClaimPrefix = "certificate.";

/** Of all fields together, and characters of one; what is beyond is left out, so it gives no right. */
const valuesMax = 64;
const valueLengthMax = 256;

/** Who the owner of a certificate is, or why nobody, as a sentence. */
export function certificatePrincipal(
  { name: nameField, roles, rolesFrom }: CertificateIdentity,
  certificate: X509Certificate,
  clientId: string,
): Principal | string {
  const fields = certificateFields(certificate);
  const names = fields.get(nameField) ?? [];
  const [name] = names;
  if (name === undefined || names.length > 1) {
    return `The client certificate must have one ${nameField}, and has ${names.length}`;
  }
  const problem = accountNameProblem(name);
  if (problem !== undefined) return `${nameField} of the client certificate is no name here: ${problem}`;
  const further = rolesFrom === undefined ? [] : (fields.get(rolesFrom) ?? []);
  const all = new Set([...roles, ...further.filter((role) => roleProblem(role) === undefined)]);
  return { tenant: 0, name, roles: [...all].slice(0, rolesMax), clientId };
}

/** The same Principal, with what its certificate says among its claims, and no longer than that is valid. */
export function withCertificate(acceptance: Acceptance, certificate: X509Certificate, now: number): Acceptance {
  const { principal, validMilliseconds = Number.POSITIVE_INFINITY } = acceptance;
  const claims = new Map(principal.claims);
  for (const [name, values] of certificateFields(certificate)) claims.set(`${certificateClaimPrefix}${name}`, values);
  return {
    ...acceptance,
    principal: { ...principal, claims },
    validMilliseconds: Math.min(validMilliseconds, Date.parse(certificate.validTo) - now),
  };
}

/** What a certificate says of its owner: the subject under OpenSSL's short names, and `SAN.dns`, `.email`, `.uri`, `.ip`. */
export function certificateFields(certificate: X509Certificate): Claims {
  const fields = new Map<string, string[]>();
  let count = 0;
  const add = (name: string, value: unknown): void => {
    if (typeof value !== "string" || value.length > valueLengthMax || count >= valuesMax) return;
    count += 1;
    const known = fields.get(name);
    if (known === undefined) fields.set(name, [value]);
    else known.push(value);
  };
  const subject: object = certificate.toLegacyObject().subject ?? {};
  for (const [name, values] of Object.entries(subject)) for (const value of [values].flat()) add(name, value);
  for (const [name, value] of alternativeNames(certificate.subjectAltName ?? "")) add(name, value);
  return fields;
}

const alternativeNameFields: Readonly<Record<string, string>> = {
  DNS: "SAN.dns",
  email: "SAN.email",
  URI: "SAN.uri",
  "IP Address": "SAN.ip",
};

/** Node.js writes them as `DNS:a, URI:"b, c"`; a value with anything unusual in it is a JSON string. */
const alternativeName = /([^:,]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

function alternativeNames(text: string): [field: string, value: string][] {
  const names: [string, string][] = [];
  alternativeName.lastIndex = 0;
  for (let match = alternativeName.exec(text); match !== null; match = alternativeName.exec(text)) {
    const [, kind = "", value = ""] = match;
    const field = alternativeNameFields[kind];
    if (field !== undefined) names.push([field, value.startsWith('"') ? String(JSON.parse(value)) : value]);
  }
  return names;
}
