import { isUtf8 } from "node:buffer";
import { hash, parseOptions, verify } from "@node-rs/argon2";

/** argon2id with 19 MiB, two passes, one lane; what was hashed otherwise is hashed anew when its password is next right. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** What a hash in a file may cost: one login must not hold the others up for long. */
const memoryKibibytesMax = 262_144;
const passesMax = 16;
const lanesMax = 16;

/** A salted hash to be kept for a password: argon2id in the PHC string format. */
export function hashPassword(password: string | Uint8Array): Promise<string> {
  return hash(password, cost);
}

/** Whether that is the password. Takes as long as its hash says. */
export async function isPassword(passwordHash: string, password: Uint8Array): Promise<boolean> {
  // The library takes only text, and only text was hashed: what is none is wrong, after the same time.
  const isText = isUtf8(password);
  const isRight = await verify(passwordHash, isText ? password : "");
  return isText && isRight;
}

/** Whether it was made with other parameters than today's. */
export function isOutdated(passwordHash: string): boolean {
  const { memoryCost, timeCost, parallelism } = parseOptions(passwordHash);
  return memoryCost !== cost.memoryCost || timeCost !== cost.timeCost || parallelism !== cost.parallelism;
}

/** What is wrong with a hash that somebody wrote down; undefined when it can be used. */
export function passwordHashProblem(text: string): string | undefined {
  if (!text.startsWith("$argon2id$")) return "it is not argon2id";
  try {
    const { memoryCost, timeCost, parallelism } = parseOptions(text);
    if (memoryCost > memoryKibibytesMax) return `it takes ${memoryCost} KiB, at most ${memoryKibibytesMax}`;
    if (timeCost > passesMax) return `it takes ${timeCost} passes, at most ${passesMax}`;
    if (parallelism > lanesMax) return `it takes ${parallelism} lanes, at most ${lanesMax}`;
    return undefined;
  } catch {
    return "it is cut off or changed";
  }
}
