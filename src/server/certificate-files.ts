import { createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { CertificatePair } from "./make-certificates.ts";

/** From when on the end of a certificate is warned of, days. */
const warningDays = 30;
export const dayMilliseconds = 86_400_000;

/** A certificate and key that fit, and what people should know of them, as sentences. */
export interface LoadedCertificate extends CertificatePair {
  readonly warnings: readonly string[];
}

/**
 * A certificate and key of one's own, from the configuration.
 * @throws Error with a sentence when one cannot be read, has expired or they do not belong together
 */
export async function loadCertificate(certFile: string, keyFile: string, now: number): Promise<LoadedCertificate> {
  const mend = "check tls.cert and tls.key of the listener";
  const [cert, key] = await Promise.all([certFile, keyFile].map(readIfThere));
  if (cert === undefined) throw new Error(`${certFile} does not exist: ${mend}`);
  if (key === undefined) throw new Error(`${keyFile} does not exist: ${mend}`);
  const certificate = checkedPair(certFile, cert, keyFile, key, mend);
  checkValidity(certFile, certificate, now, mend);
  const warnings: string[] = [];
  if (daysLeft(certificate, now) < warningDays) {
    warnings.push(`${certFile} expires on ${day(certificate.validTo)}: put a new one in its place`);
  }
  return { cert, key, warnings };
}

/**
 * The text of a file; undefined when there is none.
 * @throws Error with a sentence when it cannot be read
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "EACCES") throw new Error(`${path} may not be read by this user: give it to the user of the server`);
    throw new Error(`${path} cannot be read: ${message}`);
  }
}

/** @throws Error with a sentence that ends in `mend` */
export function parseCertificate(path: string, text: string, mend: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new Error(`${path} is not a certificate in PEM: ${mend}`);
  }
}

/**
 * The certificate, when the key is its key.
 * @throws Error with a sentence that ends in `mend`
 */
export function checkedPair(
  certPath: string,
  cert: string,
  keyPath: string,
  key: string,
  mend: string,
): X509Certificate {
  const certificate = parseCertificate(certPath, cert, mend);
  let isPair: boolean;
  try {
    isPair = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new Error(`${keyPath} is not a private key in PEM without a passphrase: ${mend}`);
  }
  if (!isPair) throw new Error(`${keyPath} is not the key of ${certPath}: ${mend}`);
  return certificate;
}

/** @throws Error with a sentence that ends in `mend` when it has expired, or begins later */
export function checkValidity(path: string, certificate: X509Certificate, now: number, mend: string): void {
  if (hasExpired(certificate, now)) throw new Error(`${path} expired on ${day(certificate.validTo)}: ${mend}`);
  if (Date.parse(certificate.validFrom) > now) {
    throw new Error(`${path} is not valid before ${day(certificate.validFrom)}: set the clock right, or ${mend}`);
  }
}

/** Whether its time is over. */
export function hasExpired(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validTo) <= now;
}

/** How long it is still valid, days; negative when it has expired. */
export function daysLeft(certificate: X509Certificate, now: number): number {
  return (Date.parse(certificate.validTo) - now) / dayMilliseconds;
}

/** The day of a certificate's time, as `2031-01-31`. */
export function day(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** A file to be written. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Writes files of one directory, each as a whole, and does not return before the disk has them. What stands there stays
 * when there is no room. After a crash in the middle the last of several is missing, or all are new.
 * @throws Error with a sentence
 */
export async function writeFiles(files: readonly NewFile[]): Promise<void> {
  const [first] = files;
  const last = files.at(-1);
  if (first === undefined || last === undefined) return;
  const directory = dirname(first.path);
  const temporaries = files.map(({ path }) => `${path}.${randomUUID()}`);
  try {
    for (const [index, { text, mode }] of files.entries()) await writeNew(temporaries[index]!, text, mode);
    if (first !== last) await rm(last.path, { force: true });
    for (const [index, { path }] of files.entries()) {
      await syncDirectory(directory);
      await rename(temporaries[index]!, path);
    }
    await syncDirectory(directory);
  } catch (error) {
    for (const temporary of temporaries) await rm(temporary, { force: true }).catch(() => {});
    // Node.js ends its message with the system call and the temporary name, which nobody knows.
    const reason = (error as Error).message.replace(/, \w+(?: '.*)?$/s, "");
    throw new Error(`${directory} cannot be written to: ${reason}`);
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  await directory.sync().finally(() => directory.close());
}
