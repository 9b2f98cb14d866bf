/** Algorithms of signatures that a public key checks; whoever can check one of the others can make it too. */
export const tokenAlgorithms = [
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** The Authentication Method (§3.1.2.11.9): the token is the Authentication Data of CONNECT, or of an AUTH that renews it. */
export const tokenMethod = "JWT";

/** Which tokens are taken, and what in them says who somebody is. */
export interface TokenSettings {
  /** Path of the public keys. */
  readonly keys: string;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly issuer: string;
  readonly audience: string;
  readonly clockToleranceSeconds: number;
  /** Claim with the name. */
  readonly nameClaim: string;
  /** Claim with the roles, a list or words with spaces; `a.b` is b in a. */
  readonly rolesClaim: string;
  /** Claims that become the Principal's. */
  readonly claims: readonly string[];
}

/** Whether a password has the form of a signed token (RFC 7515, section 3.1), so that it is checked as nothing else. */
export function isToken(password: Uint8Array | undefined): password is Uint8Array {
  // `eyJ` is how `{"` begins in base64url.
  if (password?.[0] !== 0x65 || password[1] !== 0x79 || password[2] !== 0x4a) return false;
  return tokenForm.test(tokenText(password));
}

/** Its characters, which are ASCII. */
export function tokenText(token: Uint8Array): string {
  return Buffer.from(token.buffer, token.byteOffset, token.length).toString("latin1");
}

const tokenForm = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/;
