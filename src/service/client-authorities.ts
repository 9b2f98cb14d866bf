import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { TlsMaterial } from "../net/tls-settings.ts";
import { day } from "../server/certificate-files.ts";
import { ClientTrust, pemBlocks } from "../server/client-trust.ts";

/** A file of authorities or revocation lists, bytes: about 400,000 revoked certificates. */
const fileBytesMax = 16_777_216;

/** What client certificates must stand up to, and what people should know of it, as sentences. */
export interface LoadedTrust extends Pick<TlsMaterial, "ca" | "crl"> {
  readonly warnings: readonly string[];
}

/**
 * The authorities that client certificates must come from, and their revocation lists, in PEM.
 * @param crlFile undefined when nothing is revoked
 * @throws Error with a sentence when a file cannot be used
 */
export async function loadClientTrust(caFile: string, crlFile: string | undefined, now: number): Promise<LoadedTrust> {
  const ca = await read(caFile, "tls.ca");
  const certificates = pemBlocks(ca, "CERTIFICATE");
  if (certificates.length === 0 || !certificates.every(isAuthority)) {
    throw new Error(`${caFile} is not a file of certificates in PEM: ${mend("tls.ca")}`);
  }
  if (crlFile === undefined) return { ca, warnings: [] };
  const crl = pemBlocks(await read(crlFile, "tls.crl"), "X509 CRL");
  const trust = trustOf(ca, crl, crlFile);
  const [unlisted] = trust.unlisted;
  if (unlisted !== undefined) {
    throw new Error(
      `${crlFile} has no list of ${unlisted}, so all of its clients would be refused: add its list, an empty one if it revoked nothing`,
    );
  }
  const { listsEndAt } = trust;
  const until = listsEndAt <= now ? day(new Date(listsEndAt).toISOString()) : undefined;
  const warnings =
    until === undefined
      ? []
      : [`a list in ${crlFile} ended on ${until}, so clients of its authority are refused: put a new one in its place`];
  return { ca, crl, warnings };
}

function trustOf(ca: string, crl: readonly string[], file: string): ClientTrust {
  try {
    if (crl.length > 0) return new ClientTrust(ca, crl);
  } catch {}
  throw new Error(`${file} is not a file of revocation lists in PEM: ${mend("tls.crl")}`);
}

async function read(file: string, key: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > fileBytesMax) throw new Error(`it has ${size} bytes, and at most ${fileBytesMax} are read`);
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      code === "ENOENT" ? `${file} does not exist: ${mend(key)}` : `${file} cannot be read: ${message}: ${mend(key)}`,
    );
  }
}

function mend(key: string): string {
  return `check ${key} of the listener`;
}

function isAuthority(text: string): boolean {
  try {
    return new X509Certificate(text).ca;
  } catch {
    return false;
  }
}
