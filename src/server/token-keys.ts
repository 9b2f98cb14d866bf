import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import type { TokenAlgorithm } from "./token-settings.ts";

/** The keys that tokens must be signed with. */
export interface TokenKeys {
  /** What the file says. */
  readonly text: string;
  /** Rejects for a token that no key is for. */
  readonly keyFor: JWTVerifyGetKey;
}

const fileBytesMax = 1_048_576;
const keysMax = 100;

/**
 * Reads a file of public keys: a JSON Web Key Set (RFC 7517), or one key or certificate in PEM, which then is the key of
 * every token.
 * @throws Error with a sentence when it cannot be used
 */
export async function loadTokenKeys(file: string, algorithms: readonly TokenAlgorithm[]): Promise<TokenKeys> {
  const text = await read(file);
  const isPem = text.includes("-----BEGIN ");
  const keys = isPem ? [publicKeyOf(file, text)] : keySetOf(file, text);
  if (!keys.some((key) => algorithms.some((algorithm) => suits(key, algorithm)))) {
    throw new Error(`${file} has no key for ${algorithms.join(", ")}: check identity.tokens.keys and algorithms`);
  }
  return { text, keyFor: isPem ? always(keys[0]!) : createLocalJWKSet(JSON.parse(text)) };
}

/** One key for all tokens, whatever `kid` they say. */
function always(key: KeyObject): JWTVerifyGetKey {
  return async ({ alg }) => {
    if (suits(key, alg as TokenAlgorithm)) return key;
    throw new errors.JWKSNoMatchingKey();
  };
}

async function read(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > fileBytesMax) throw new Error(`it has ${size} bytes, and at most ${fileBytesMax} are read`);
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === "ENOENT" ? "does not exist" : `cannot be read: ${message}`;
    throw new Error(`${file} ${problem}: check identity.tokens.keys`);
  }
}

function publicKeyOf(file: string, text: string): KeyObject {
  if (text.includes("PRIVATE KEY-----")) throw privateKey(file, "it");
  try {
    return createPublicKey(text);
  } catch {
    throw new Error(`${file} is not a public key in PEM: check identity.tokens.keys`);
  }
}

function keySetOf(file: string, text: string): readonly KeyObject[] {
  let keys: unknown;
  try {
    ({ keys } = JSON.parse(text));
  } catch {}
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > keysMax) {
    throw new Error(`${file} is neither PEM nor a JSON Web Key Set with 1 to ${keysMax} keys`);
  }
  const named = new Set<string>();
  return keys.map((key: JsonWebKey | null, index) => {
    const kid: unknown = key?.["kid"];
    const which = typeof kid === "string" ? `key ${JSON.stringify(kid)}` : `key ${index + 1}`;
    if (key?.d !== undefined || key?.k !== undefined) throw privateKey(file, which);
    if (typeof kid !== "string" && keys.length > 1) {
      throw new Error(`${file}: ${which} has no kid, so nobody knows which tokens are its: give each of them one`);
    }
    if (typeof kid === "string" && named.has(kid)) throw new Error(`${file}: there are two of ${which}: remove one`);
    named.add(String(kid));
    try {
      return createPublicKey({ key: key as JsonWebKey, format: "jwk" });
    } catch {
      throw new Error(`${file}: ${which} is no public key that can be used: remove it`);
    }
  });
}

function privateKey(file: string, which: string): Error {
  return new Error(
    `${file}: ${which} is secret, and whoever reads it here can make tokens: put only the public half there`,
  );
}

function suits({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, algorithm: TokenAlgorithm): boolean {
  switch (algorithm) {
    case "ES256":
      return asymmetricKeyDetails?.namedCurve === "prime256v1";
    case "ES384":
      return asymmetricKeyDetails?.namedCurve === "secp384r1";
    case "ES512":
      return asymmetricKeyDetails?.namedCurve === "secp521r1";
    case "EdDSA":
      return asymmetricKeyType === "ed25519";
    default:
      return asymmetricKeyType === "rsa";
  }
}
