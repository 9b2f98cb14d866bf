import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** What is kept of a password for SCRAM-SHA-256 (RFC 5802, section 3). Whoever has it can pose as the broker. */
export interface ScramKeys {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** The client pays for each at every login, and so does who guesses; RFC 7677 asks for 4,096 at least. */
const scramIterations = 16_384;

const saltBytes = 16;

/** Bytes of a key: SHA-256. */
export const scramKeyBytes = 32;

/** The keys of a password, with a salt of its own. */
export async function makeScramKeys(
  password: string,
  salt: Buffer = randomBytes(saltBytes),
  iterations: number = scramIterations,
): Promise<ScramKeys> {
  const saltedPassword = await promisify(pbkdf2)(password, salt, iterations, scramKeyBytes, "sha256");
  return {
    salt,
    iterations,
    storedKey: sha256(hmacSha256(saltedPassword, "Client Key")),
    serverKey: hmacSha256(saltedPassword, "Server Key"),
  };
}

/** Keys for a name that has none: always the same for it, so that nobody can tell them from real ones; no password fits. */
export function decoyScramKeys(decoyKey: Uint8Array, name: string): ScramKeys {
  return {
    salt: hmacSha256(decoyKey, `salt ${name}`).subarray(0, saltBytes),
    iterations: scramIterations,
    storedKey: hmacSha256(decoyKey, `key ${name}`),
    serverKey: hmacSha256(decoyKey, `server ${name}`),
  };
}

/** SASLprep changes nothing of printable ASCII, so with it every client computes the same, whatever it implements. */
export function isScramText(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

export function hmacSha256(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
