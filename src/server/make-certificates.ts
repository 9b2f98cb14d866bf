import "reflect-metadata";
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate and its private key, PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" } as const;
const dayMilliseconds = 86_400_000;
const authorityDays = 3_650;
/** Renewed by itself; short, so that renewing is nothing rare. */
const serverDays = 90;
/** Clocks of clients that are a little behind. */
const clockSkewMilliseconds = 300_000;

/** A certificate authority of our own: P-256, signs server certificates only (path length 0). */
export async function makeAuthority(now: number): Promise<CertificatePair> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
  const name = new Name([
    { O: ["Petstore MQTT"] },
    { CN: [`Petstore MQTT local CA ${randomBytes(4).toString("hex")}`] },
  ]);
  return { cert: await authorityCertificate(name, keys, now), key: privateKeyPem(keys.privateKey) };
}

/**
 * The same authority for another ten years: a new certificate with the same name and key. What it signs is trusted by
 * those who have the new certificate, and by those who have the old one until that expires.
 * @throws Error when the authority's files cannot be read
 */
export async function renewAuthority(authority: CertificatePair, now: number): Promise<CertificatePair> {
  const old = new X509Certificate(authority.cert);
  const keys = { privateKey: await signingKey(authority.key), publicKey: await old.publicKey.export(webcrypto) };
  return { cert: await authorityCertificate(old.subjectName, keys, now), key: authority.key };
}

async function authorityCertificate(name: Name, keys: CryptoKeys, now: number): Promise<string> {
  const certificate = await X509CertificateGenerator.create(
    {
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      issuer: name,
      subject: name,
      serialNumber: serialNumber(),
      ...validity(now, authorityDays),
      signingAlgorithm,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return pem(certificate);
}

interface CryptoKeys {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

/**
 * A server certificate for these host names and IP addresses, signed by the authority.
 * @throws Error when the authority's files cannot be read
 */
export async function makeServerCertificate(
  authority: CertificatePair,
  hosts: readonly string[],
  now: number,
): Promise<CertificatePair> {
  const issuer = new X509Certificate(authority.cert);
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create(
    {
      publicKey: keys.publicKey,
      signingKey: await signingKey(authority.key),
      issuer: issuer.subjectName,
      subject: [{ O: ["Petstore MQTT"] }, { CN: ["localhost"] }],
      serialNumber: serialNumber(),
      ...validity(now, serverDays),
      signingAlgorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          hosts.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value })),
        ),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export(webcrypto), false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { cert: pem(certificate), key: privateKeyPem(keys.privateKey) };
}

/** Positive, and never the same twice (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}

function validity(now: number, days: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now - clockSkewMilliseconds),
    notAfter: new Date(now + days * dayMilliseconds),
  };
}

async function signingKey(key: string): Promise<webcrypto.CryptoKey> {
  const bytes = createPrivateKey(key).export({ type: "pkcs8", format: "der" });
  return await webcrypto.subtle.importKey("pkcs8", bytes, keyAlgorithm, false, ["sign"]);
}

function privateKeyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: "pkcs8", format: "pem" }).toString();
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString("pem").trimEnd()}\n`;
}
