import type { X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import {
  checkedPair,
  checkValidity,
  day,
  daysLeft,
  hasExpired,
  type LoadedCertificate,
  parseCertificate,
  readIfThere,
  writeFiles,
} from "./certificate-files.ts";
import type { CertificatePair } from "./make-certificates.ts";

/** From when on the authority is renewed, days: whoever trusts the one before has so long to take the new one. */
const authorityRenewalDays = 365;

/** What our TLS listeners show, and what their clients must trust. */
export interface ServerCertificate extends LoadedCertificate {
  /** Path of the certificate of the authority. */
  readonly caFile: string;
}

/**
 * The server certificate under `directory` (`ca.crt`, `ca.key`, `server.crt`, `server.key`), put right if need be. On the
 * first start an authority is made, and a certificate for `names`. A new certificate comes from the same authority when
 * two thirds of its life are over, when it does not name all of `names`, and when its files are gone; clients need not
 * know. In its last year the authority gets a new certificate with the same name and key, and the one before stands in
 * `ca-before.crt`.
 *
 * @param names host names and addresses that clients may connect to
 * @throws Error with a sentence that says what to do when a file cannot be read or does not fit, and when there is no
 * certificate that is valid and none can be made
 */
export async function loadOrMakeCertificate(
  directory: string,
  names: readonly string[],
  now: number,
): Promise<ServerCertificate> {
  const path = pathsIn(directory);
  const [caCert, cert, key] = await Promise.all([path.caCert, path.cert, path.key].map(readIfThere));
  if (cert !== undefined && key === undefined) {
    throw new Error(`${path.key} is missing: put it back, or ${withSameAuthority(path)}`);
  }
  const present = cert === undefined || key === undefined ? undefined : { cert, key };
  if (caCert === undefined) {
    if (present !== undefined) throw new Error(`${path.caCert} is missing: put it back, or ${removeAll(directory)}`);
    return { ...(await makeAll(path, names, now)), caFile: path.caCert, warnings: [] };
  }
  const server = present === undefined ? undefined : checkedServer(path, present, caCert, now);
  const warnings: string[] = [];
  const authority = await keptAuthority(path, caCert, now, warnings);
  const due = server === undefined ? undefined : dueSentence(path, server, names, now);
  if (present !== undefined && due === undefined) return { ...present, caFile: path.caCert, warnings };
  const isNeeded = server === undefined || hasExpired(server, now);
  const made = await attempt(isNeeded, `${due} and cannot be renewed`, warnings, () =>
    makeServer(path, authority, names, now),
  );
  return { ...(made ?? present!), caFile: path.caCert, warnings };
}

interface Paths {
  readonly directory: string;
  readonly caCert: string;
  readonly caKey: string;
  readonly caBefore: string;
  readonly cert: string;
  readonly key: string;
}

function pathsIn(directory: string): Paths {
  return {
    directory,
    caCert: join(directory, "ca.crt"),
    caKey: join(directory, "ca.key"),
    caBefore: join(directory, "ca-before.crt"),
    cert: join(directory, "server.crt"),
    key: join(directory, "server.key"),
  };
}

function removeAll(directory: string): string {
  return `remove ${directory} and start again; new files are made, and clients need the new ca.crt`;
}

function withSameAuthority({ cert, key }: Paths): string {
  return `remove ${cert} and ${key} and start again; new ones are made with the same authority`;
}

/** That it may have expired is no error: a new one is made then. */
function checkedServer(path: Paths, pair: CertificatePair, caCert: string, now: number): X509Certificate {
  const server = checkedPair(path.cert, pair.cert, path.key, pair.key, withSameAuthority(path));
  if (!hasExpired(server, now)) checkValidity(path.cert, server, now, withSameAuthority(path));
  const ca = parseCertificate(path.caCert, caCert, `put it back, or ${removeAll(path.directory)}`);
  if (server.verify(ca.publicKey)) return server;
  throw new Error(`${path.cert} was not made with ${path.caCert}: ${withSameAuthority(path)}`);
}

/** Why a new one is to be made; undefined when this one will do. */
function dueSentence(path: Paths, server: X509Certificate, names: readonly string[], now: number): string | undefined {
  const { validFrom, validTo } = server;
  const life = Date.parse(validTo) - Date.parse(validFrom);
  if (Date.parse(validTo) - now <= life / 3) {
    return `${path.cert} ${hasExpired(server, now) ? "expired" : "expires"} on ${day(validTo)}`;
  }
  const missing = names.find((name) => !isNamed(server, name));
  return missing === undefined ? undefined : `${path.cert} does not name ${missing}`;
}

function isNamed(server: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? server.checkHost(name) : server.checkIP(name)) !== undefined;
}

interface Authority {
  readonly cert: string;
  /** undefined: it is kept elsewhere, and nothing can be made here. */
  readonly key: string | undefined;
}

/** The authority, renewed in its last year. */
async function keptAuthority(path: Paths, cert: string, now: number, warnings: string[]): Promise<Authority> {
  const mend = `put it right, or ${removeAll(path.directory)}`;
  const certificate = parseCertificate(path.caCert, cert, mend);
  const key = await readIfThere(path.caKey);
  if (!hasExpired(certificate, now)) checkValidity(path.caCert, certificate, now, mend);
  let kept: Authority = { cert, key };
  if (daysLeft(certificate, now) < authorityRenewalDays) {
    const isOver = hasExpired(certificate, now);
    const why = `${path.caCert} ${isOver ? "expired" : "expires"} on ${day(certificate.validTo)}`;
    const renew = (): Promise<Authority> => renewed(path, kept, now);
    kept = (await attempt(isOver, `${why} and cannot be renewed`, warnings, renew)) ?? kept;
  }
  const before = await attempt(false, "it is not known who has the authority before", warnings, () =>
    readIfThere(path.caBefore),
  );
  if (before !== undefined) warnings.push(aboutBefore(path, before, now));
  return kept;
}

async function renewed(path: Paths, authority: Authority, now: number): Promise<Authority> {
  const pair = withKey(path, authority);
  const { renewAuthority } = await import("./make-certificates.ts");
  const { cert, key } = await renewAuthority(pair, now);
  await writeFiles([{ path: path.caBefore, text: authority.cert, mode: 0o644 }]);
  await writeFiles([{ path: path.caCert, text: cert, mode: 0o644 }]);
  return { cert, key };
}

function aboutBefore(path: Paths, text: string, now: number): string {
  let before: X509Certificate;
  try {
    before = parseCertificate(path.caBefore, text, "remove it");
  } catch (error) {
    return (error as Error).message;
  }
  const until = hasExpired(before, now) ? "refuse this server since" : "will refuse this server after";
  return (
    `${path.caCert} was renewed; clients that trust the one before, ${path.caBefore}, ${until} ${day(before.validTo)}: ` +
    `give them the new ca.crt, then remove ${path.caBefore}`
  );
}

function withKey(path: Paths, { cert, key }: Authority): CertificatePair {
  const mend = `put it right, or ${removeAll(path.directory)}`;
  if (key === undefined) throw new Error(`${path.caKey} is missing, and a certificate must be made with it: ${mend}`);
  checkedPair(path.caCert, cert, path.caKey, key, mend);
  return { cert, key };
}

/** Does what must be done, or throws; what can wait becomes a warning and undefined when it fails. */
async function attempt<Result>(
  mustBeDone: boolean,
  problem: string,
  warnings: string[],
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (mustBeDone) throw error;
    warnings.push(`${problem}: ${(error as Error).message}`);
    return undefined;
  }
}

async function makeServer(
  path: Paths,
  authority: Authority,
  names: readonly string[],
  now: number,
): Promise<CertificatePair> {
  const pair = withKey(path, authority);
  // Loaded when it is needed: a few times a year, and it takes a while.
  const { makeServerCertificate } = await import("./make-certificates.ts");
  const server = await makeServerCertificate(pair, names, now);
  await writeFiles(serverFiles(path, server));
  return server;
}

/** In this order, so that whatever is there after a crash is taken up again by the next start. */
async function makeAll(path: Paths, names: readonly string[], now: number): Promise<CertificatePair> {
  const { makeAuthority, makeServerCertificate } = await import("./make-certificates.ts");
  const authority = await makeAuthority(now);
  const server = await makeServerCertificate(authority, names, now);
  try {
    await mkdir(path.directory, { recursive: true, mode: 0o700 });
    await writeFiles([
      { path: path.caKey, text: authority.key, mode: 0o600 },
      { path: path.caCert, text: authority.cert, mode: 0o644 },
      ...serverFiles(path, server),
    ]);
  } catch (error) {
    throw new Error(
      `no certificate can be made: ${(error as Error).message}; choose another directory with --data DIR`,
    );
  }
  return server;
}

function serverFiles(path: Paths, server: CertificatePair): { path: string; text: string; mode: number }[] {
  return [
    { path: path.key, text: server.key, mode: 0o600 },
    { path: path.cert, text: server.cert, mode: 0o644 },
  ];
}
