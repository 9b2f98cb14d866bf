import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { type JWTPayload, SignJWT } from "jose";
import type { TokenAlgorithm } from "../../src/server/token-settings.ts";

/** A key that signs tokens, and what others may know of it. */
export interface SigningKey {
  readonly algorithm: TokenAlgorithm;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function makeKey(kid: string, algorithm: TokenAlgorithm = "ES256"): SigningKey {
  return { algorithm, kid, ...keyPair(algorithm) };
}

function keyPair(algorithm: TokenAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === "EdDSA") return generateKeyPairSync("ed25519");
  if (algorithm.startsWith("ES"))
    return generateKeyPairSync("ec", { namedCurve: `P-${algorithm.slice(2).replace("512", "521")}` });
  return generateKeyPairSync("rsa", { modulusLength: 2_048 });
}

/** A JSON Web Key Set of their public halves. */
export function keySet(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid })) });
}

export const issuer = "https://issuer.example";
export const audience = "petstore";

/** What a sound token says, for ten minutes from now. */
export function soundClaims(): JWTPayload {
  return { iss: issuer, aud: audience, sub: "alice", exp: Math.floor(Date.now() / 1_000) + 600 };
}

/** A signed token; `undefined` takes a claim out. */
export async function sign(
  { privateKey, algorithm, kid }: SigningKey,
  claims: Record<string, unknown> = {},
  header: { kid?: string; alg?: string } = {},
): Promise<string> {
  const payload = Object.fromEntries(
    Object.entries({ ...soundClaims(), ...claims }).filter(([, value]) => value !== undefined),
  );
  return await new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid, ...header }).sign(privateKey);
}
