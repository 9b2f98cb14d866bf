/** What is wrong in a contract, or worth knowing; with an error it cannot be served. */
export interface Finding {
  /** Stable, for machines: `example-mismatch`. */
  readonly code: FindingCode;
  readonly severity: "error" | "warning";
  readonly place: Place;
  /** A sentence without its full stop. */
  readonly problem: string;
  /** How to mend it; a sentence without its full stop. */
  readonly hint: string;
}

/** Where something stands. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Every finding there is; `docs/contract.md` explains each. */
export type FindingCode =
  | "file-unreadable"
  | "syntax"
  | "duplicate-key"
  | "asyncapi-version"
  | "missing"
  | "key-unknown"
  | "wrong-type"
  | "unknown-value"
  | "reference-broken"
  | "reference-circular"
  | "reference-remote"
  | "reference-siblings"
  | "address-invalid"
  | "address-unknown"
  | "address-wildcard"
  | "address-reserved"
  | "parameter-undeclared"
  | "parameter-unused"
  | "parameter-invalid"
  | "channel-ambiguous"
  | "message-foreign"
  | "schema-invalid"
  | "schema-unchecked"
  | "format-unchecked"
  | "content-type-missing"
  | "example-mismatch"
  | "location-invalid"
  | "binding-invalid"
  | "binding-misplaced"
  | "security-missing"
  | "role-invalid"
  | "scope-unknown"
  | "scope-ungranted"
  | "server-unsupported"
  | "channel-unused";

/** What each finding means for the contract as a whole. */
export const findingSeverities: Readonly<Record<FindingCode, Finding["severity"]>> = {
  "file-unreadable": "error",
  syntax: "error",
  "duplicate-key": "error",
  "asyncapi-version": "error",
  missing: "error",
  "key-unknown": "warning",
  "wrong-type": "error",
  "unknown-value": "error",
  "reference-broken": "error",
  "reference-circular": "error",
  "reference-remote": "error",
  "reference-siblings": "error",
  "address-invalid": "error",
  "address-unknown": "warning",
  "address-wildcard": "warning",
  "address-reserved": "warning",
  "parameter-undeclared": "warning",
  "parameter-unused": "error",
  "parameter-invalid": "error",
  "channel-ambiguous": "error",
  "message-foreign": "error",
  "schema-invalid": "error",
  "schema-unchecked": "warning",
  "format-unchecked": "warning",
  "content-type-missing": "warning",
  "example-mismatch": "error",
  "location-invalid": "error",
  "binding-invalid": "error",
  "binding-misplaced": "warning",
  "security-missing": "warning",
  "role-invalid": "error",
  "scope-unknown": "error",
  "scope-ungranted": "warning",
  "server-unsupported": "warning",
  "channel-unused": "warning",
};

/** `file:line:column: severity code: what is wrong. How to mend it.` */
export function findingText({ code, severity, place, problem, hint }: Finding): string {
  return `${place.file}:${place.line}:${place.column}: ${severity} ${code}: ${problem}. ${hint}.`;
}

/** Whether a contract with these findings can be served. */
export function isServable(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity === "warning");
}
