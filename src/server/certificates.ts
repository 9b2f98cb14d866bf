import { createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import { chmod, mkdir, open, readFile, rename } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { CertificatePair } from "./make-certificates.ts";

/** What a TLS listener shows, and what its clients must trust. */
export interface ServerCertificate extends CertificatePair {
  /** Path of the certificate of the authority. */
  readonly caFile: string;
  /** What people should know, as sentences: it ends soon, or does not name a host. */
  readonly warnings: readonly string[];
}

const dayMilliseconds = 86_400_000;
const renewalDays = 30;

/**
 * The server certificate under `directory` (`ca.crt`, `ca.key`, `server.crt`, `server.key`). On the first start it makes
 * an authority and a certificate for localhost, 127.0.0.1, ::1, the host name and `hosts`; later it keeps what is there.
 * When only the server's files are gone, it makes new ones with the same authority, so clients need no new `ca.crt`.
 *
 * @throws Error with a sentence that says what to do when a file cannot be read or written, has expired or does not fit
 */
export async function loadOrMakeCertificate(
  directory: string,
  hosts: readonly string[],
  now: number,
): Promise<ServerCertificate> {
  const path = pathsIn(directory);
  const [caCert, cert, key] = await Promise.all([path.caCert, path.cert, path.key].map(readIfThere));
  if (cert !== undefined && key !== undefined) {
    const server = checkedPair(path.cert, cert, path.key, key, now, withSameAuthority(path));
    if (caCert === undefined) throw new Error(`${path.caCert} is missing: put it back, or ${removeAll(directory)}`);
    const ca = parseCertificate(path.caCert, caCert, `put it back, or ${removeAll(directory)}`);
    checkValidity(path.caCert, ca, now, removeAll(directory));
    checkIssuer(path, ca, server);
    return { cert, key, caFile: path.caCert, warnings: warningsAbout(path, server, hosts, now) };
  }
  if (cert !== undefined) throw new Error(`${path.key} is missing: put it back, or ${withSameAuthority(path)}`);
  const authority = caCert === undefined ? undefined : await readAuthority(path, caCert, now);
  const made = await makeFiles(path, authority, hosts, now);
  return { ...made, caFile: path.caCert, warnings: [] };
}

interface Paths {
  readonly directory: string;
  readonly caCert: string;
  readonly caKey: string;
  readonly cert: string;
  readonly key: string;
}

function pathsIn(directory: string): Paths {
  return {
    directory,
    caCert: join(directory, "ca.crt"),
    caKey: join(directory, "ca.key"),
    cert: join(directory, "server.crt"),
    key: join(directory, "server.key"),
  };
}

/**
 * A certificate and key of one's own, from the configuration.
 * @throws Error with a sentence when one cannot be read, has expired or they do not belong together
 */
export async function loadCertificate(certFile: string, keyFile: string, now: number): Promise<CertificatePair> {
  const mend = "check tls.cert and tls.key of the listener";
  const [cert, key] = await Promise.all([certFile, keyFile].map(readIfThere));
  if (cert === undefined) throw new Error(`${certFile} does not exist: ${mend}`);
  if (key === undefined) throw new Error(`${keyFile} does not exist: ${mend}`);
  checkedPair(certFile, cert, keyFile, key, now, mend);
  return { cert, key };
}

function removeAll(directory: string): string {
  return `remove ${directory} and start again; new files are made, and clients need the new ca.crt`;
}

function withSameAuthority({ cert, key }: Paths): string {
  return `remove ${cert} and ${key} and start again; new ones are made with the same authority`;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "EACCES") throw new Error(`${path} may not be read by this user: give it to the user of the server`);
    throw new Error(`${path} cannot be read: ${message}`);
  }
}

function parseCertificate(path: string, text: string, mend: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new Error(`${path} is not a certificate in PEM: ${mend}`);
  }
}

function checkedPair(
  certPath: string,
  cert: string,
  keyPath: string,
  key: string,
  now: number,
  mend: string,
): X509Certificate {
  const certificate = parseCertificate(certPath, cert, mend);
  checkValidity(certPath, certificate, now, mend);
  let isPair: boolean;
  try {
    isPair = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new Error(`${keyPath} is not a private key in PEM without a passphrase: ${mend}`);
  }
  if (!isPair) throw new Error(`${keyPath} is not the key of ${certPath}: ${mend}`);
  return certificate;
}

function checkValidity(path: string, certificate: X509Certificate, now: number, mend: string): void {
  if (Date.parse(certificate.validTo) <= now)
    throw new Error(`${path} expired on ${day(certificate.validTo)}: ${mend}`);
  if (Date.parse(certificate.validFrom) > now) {
    throw new Error(`${path} is not valid before ${day(certificate.validFrom)}: set the clock right, or ${mend}`);
  }
}

function day(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

function checkIssuer(path: Paths, ca: X509Certificate, server: X509Certificate): void {
  if (server.verify(ca.publicKey)) return;
  throw new Error(`${path.cert} was not made with ${path.caCert}: ${withSameAuthority(path)}`);
}

function warningsAbout(path: Paths, server: X509Certificate, hosts: readonly string[], now: number): string[] {
  const warnings: string[] = [];
  if (Date.parse(server.validTo) < now + renewalDays * dayMilliseconds) {
    warnings.push(`${path.cert} expires on ${day(server.validTo)}: ${withSameAuthority(path)}`);
  }
  for (const host of hosts) {
    const isNamed = isIP(host) === 0 ? server.checkHost(host) : server.checkIP(host);
    if (isNamed !== undefined) continue;
    warnings.push(
      `${path.cert} does not name ${host}, so clients that connect to it will refuse: ${withSameAuthority(path)}`,
    );
  }
  return warnings;
}

async function readAuthority(path: Paths, cert: string, now: number): Promise<CertificatePair> {
  const mend = `put it right, or ${removeAll(path.directory)}`;
  const key = await readIfThere(path.caKey);
  if (key === undefined) throw new Error(`${path.caKey} is missing, and a server certificate must be made: ${mend}`);
  checkedPair(path.caCert, cert, path.caKey, key, now, mend);
  return { cert, key };
}

/** In this order, so that whatever is there after a crash is taken up again by the next start. */
async function makeFiles(
  path: Paths,
  known: CertificatePair | undefined,
  hosts: readonly string[],
  now: number,
): Promise<CertificatePair> {
  // Loaded when it is needed: once in a year, and it takes a while.
  const { makeAuthority, makeServerCertificate } = await import("./make-certificates.ts");
  const authority = known ?? (await makeAuthority(now));
  const server = await makeServerCertificate(authority, allHosts(hosts), now);
  try {
    await mkdir(path.directory, { recursive: true, mode: 0o700 });
    if (known === undefined) {
      await writeAtomically(path.caKey, authority.key, 0o600);
      await writeAtomically(path.caCert, authority.cert, 0o644);
    }
    await writeAtomically(path.key, server.key, 0o600);
    await writeAtomically(path.cert, server.cert, 0o644);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `no certificate can be made in ${path.directory}: ${message}; choose another directory with --data DIR`,
    );
  }
  return server;
}

function allHosts(hosts: readonly string[]): readonly string[] {
  const own = hostname();
  const isHostName = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(own);
  return [...new Set(["localhost", "127.0.0.1", "::1", ...(isHostName ? [own] : []), ...hosts])];
}

async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  const file = await open(temporary, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, mode);
  await rename(temporary, path);
  const directory = await open(dirname(path), "r");
  await directory.sync().finally(() => directory.close());
}
