import type { X509Certificate } from "node:crypto";
import type { TLSSocket, TlsOptions } from "node:tls";

/** Versions of TLS that a listener may begin with. */
export const tlsVersions = ["TLSv1.2", "TLSv1.3"] as const;

/** Whether clients show a certificate: never asked, asked, or not let in without. */
export const clientCertificateModes = ["none", "optional", "required"] as const;

/** What we show, in PEM. */
export interface KeyPair {
  readonly key: string;
  /** With the certificates between it and the authority, if there are some. */
  readonly cert: string;
}

/** What a listener shows, and what client certificates must stand up to: what may change while it is open. */
export interface TlsMaterial extends KeyPair {
  /** PEM of the authorities that client certificates must come from; needed when they are asked for. */
  readonly ca?: string | undefined;
  /** Revocation lists in PEM, one each: a current one of every authority on the way of a certificate. */
  readonly crl?: readonly string[] | undefined;
}

/** How a listener speaks TLS. */
export interface TlsSettings extends TlsMaterial {
  /** The oldest version; 1.2 when it is not given. */
  readonly minVersion?: (typeof tlsVersions)[number];
  /** `none` when it is not given. */
  readonly clientCertificate?: (typeof clientCertificateModes)[number];
}

/** A client certificate that was verified. */
export interface ClientCertificate {
  /** As OpenSSL writes it, an attribute a line: `CN=collar-0042`. */
  readonly subject: string;
  /** SHA-256, hexadecimal with colons. */
  readonly fingerprint256: string;
  /** As it was shown. */
  readonly x509: X509Certificate;
}

/** For `tls.createServer` and what is like it. */
export function serverTlsOptions(settings: TlsSettings, handshakeSeconds: number): TlsOptions {
  return {
    ...secureContextOptions(settings),
    requestCert: asksForCertificate(settings),
    rejectUnauthorized: settings.clientCertificate === "required",
    handshakeTimeout: handshakeSeconds * 1_000,
  };
}

/** What `setSecureContext` takes. */
export function secureContextOptions({ key, cert, ca, crl, minVersion = "TLSv1.2" }: TlsSettings): TlsOptions {
  const trust = { ...(ca === undefined ? {} : { ca }), ...(crl === undefined ? {} : { crl: [...crl] }) };
  return { key, cert, minVersion, ...trust };
}

/**
 * The certificate that a client showed; undefined when it showed none or was not asked.
 * @throws Error for one that does not hold. A client that may leave it out is better told than taken for nobody.
 */
export function clientCertificateOf(settings: TlsSettings, socket: TLSSocket): ClientCertificate | undefined {
  if (!asksForCertificate(settings)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  if (!socket.authorized) throw new Error(`the client's certificate does not hold: ${socket.authorizationError}`);
  // A resumed session was verified at its beginning.
  if (Date.parse(certificate.validTo) <= Date.now()) throw new Error("the client's certificate has expired");
  const { subject, fingerprint256 } = certificate;
  return { subject, fingerprint256, x509: certificate };
}

/** Whether clients are asked for one. */
export function asksForCertificate({ clientCertificate = "none" }: TlsSettings): boolean {
  return clientCertificate !== "none";
}
