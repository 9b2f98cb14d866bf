import { X509Certificate } from "node:crypto";
import { plainSerialNumber, type RevocationList, readEncodedNames, readRevocationList } from "./revocation-list.ts";

/** Longer ways from a certificate to its authority are none. */
const pathLengthMax = 10;

/**
 * What client certificates must stand up to: authorities, and what these have revoked. TLS holds every new connection to it;
 * this is for those that stand already when it changes.
 */
export class ClientTrust {
  readonly #authorities: readonly X509Certificate[];
  /** Undefined: nobody asks whether a certificate was revoked. */
  readonly #lists: readonly RevocationList[] | undefined;

  /**
   * @param ca the authorities, PEM
   * @param crl their revocation lists, PEM, one each
   * @throws Error with a sentence about what cannot be read
   */
  constructor(ca: string, crl: readonly string[] | undefined) {
    this.#authorities = certificatesOf(ca);
    this.#lists = crl?.map((text) => readRevocationList(derOf(text)));
  }

  /** Subjects of the authorities that have no revocation list although there are some. */
  get unlisted(): readonly string[] {
    const lists = this.#lists;
    if (lists === undefined) return [];
    const listed = new Set(lists.map(({ issuer }) => issuer));
    const without = this.#authorities.filter(({ raw }) => !listed.has(readEncodedNames(raw).subject));
    return without.map(({ subject }) => subject.replaceAll("\n", ", "));
  }

  /** When the first of the lists was to be replaced, ms; Infinity when none is. */
  get listsEndAt(): number {
    return Math.min(...(this.#lists ?? []).map(({ nextUpdate = Number.POSITIVE_INFINITY }) => nextUpdate));
  }

  /** Why a certificate that held before does not hold any more; undefined when it does. */
  problemOf(certificate: X509Certificate): string | undefined {
    let current = certificate;
    for (let length = 0; length < pathLengthMax; length += 1) {
      const issuer = this.#issuerOf(current);
      if (issuer === undefined) return "The authority of this certificate is not trusted any more";
      if (this.#isRevoked(current)) return "This certificate was revoked";
      if (issuer.fingerprint256 === current.fingerprint256) return undefined;
      current = issuer;
    }
    return "This certificate is too far from its authority";
  }

  /** One of the authorities, or what the client showed of the way to them. */
  #issuerOf(certificate: X509Certificate): X509Certificate | undefined {
    const { issuerCertificate: shown } = certificate;
    return [...this.#authorities, ...(shown === undefined ? [] : [shown])].find(
      (issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey),
    );
  }

  #isRevoked({ raw, serialNumber }: X509Certificate): boolean {
    if (this.#lists === undefined) return false;
    const { issuer } = readEncodedNames(raw);
    const plain = plainSerialNumber(serialNumber);
    return this.#lists.some((list) => list.issuer === issuer && list.serialNumbers.has(plain));
  }
}

/** The parts of a PEM file with this label, each by itself. */
export function pemBlocks(text: string, label: string): readonly string[] {
  return text.match(new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----`, "g")) ?? [];
}

function certificatesOf(text: string): readonly X509Certificate[] {
  return pemBlocks(text, "CERTIFICATE").map((block) => new X509Certificate(block));
}

function derOf(text: string): Uint8Array {
  return Buffer.from(text.replace(/-----[^-]*-----/g, ""), "base64");
}
