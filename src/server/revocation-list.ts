/** A certificate revocation list (RFC 5280, section 5). */
export interface RevocationList {
  /** The name of its authority, as it is encoded. */
  readonly issuer: string;
  /** When the next one was to come, ms; undefined when it does not say. */
  readonly nextUpdate: number | undefined;
  /** Serial numbers in hexadecimal, as Node.js writes those of certificates. */
  readonly serialNumbers: ReadonlySet<string>;
}

/** The names in a certificate, as they are encoded: authorities copy theirs byte by byte. */
export interface EncodedNames {
  readonly issuer: string;
  readonly subject: string;
}

const integer = 0x02;
const sequence = 0x30;
const utcTime = 0x17;
const generalizedTime = 0x18;
/** `[0] EXPLICIT`, the version of a certificate. */
const versionTag = 0xa0;

/**
 * Reads a list, DER. Whether it is signed by its authority is for OpenSSL to check.
 * @throws Error when it is none
 */
export function readRevocationList(der: Uint8Array): RevocationList {
  const signed = new DerReader(der).enter(sequence);
  const list = signed.enter(sequence);
  list.skip(integer);
  list.take(sequence);
  const issuer = textOf(list.take(sequence));
  takeTime(list);
  const nextUpdate = isTime(list.tag) ? takeTime(list) : undefined;
  const serialNumbers = new Set<string>();
  const revoked = list.tag === sequence ? list.enter(sequence) : undefined;
  while (revoked?.tag !== undefined) serialNumbers.add(serialNumberOf(revoked.enter(sequence).take(integer)));
  return { issuer, nextUpdate, serialNumbers };
}

/**
 * Reads the names of a certificate, DER.
 * @throws Error when it is none
 */
export function readEncodedNames(der: Uint8Array): EncodedNames {
  const certificate = new DerReader(der).enter(sequence).enter(sequence);
  certificate.skip(versionTag);
  certificate.take(integer);
  certificate.take(sequence);
  const issuer = textOf(certificate.take(sequence));
  certificate.take(sequence);
  return { issuer, subject: textOf(certificate.take(sequence)) };
}

/** One value after the other, each with its tag and length (X.690, section 8.1). */
class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Of the next value; undefined at the end. */
  get tag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** The content of the next value, which must have this tag. */
  take(tag: number): Uint8Array {
    if (this.tag !== tag) throw new Error(`a value of type ${tag} is missing at byte ${this.#offset}`);
    const { start, end } = this.#content();
    if (end > this.#bytes.length) throw new Error("it ends too early");
    this.#offset = end;
    return this.#bytes.subarray(start, end);
  }

  enter(tag: number): DerReader {
    return new DerReader(this.take(tag));
  }

  /** Passes over the next value if it has this tag. */
  skip(tag: number): void {
    if (this.tag === tag) this.take(tag);
  }

  #content(): { readonly start: number; readonly end: number } {
    const first = this.#bytes[this.#offset + 1] ?? 0;
    if (first < 0x80) return { start: this.#offset + 2, end: this.#offset + 2 + first };
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new Error("it has a length that DER has not");
    let length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + (this.#bytes[this.#offset + 2 + index] ?? 0);
    const start = this.#offset + 2 + count;
    return { start, end: start + length };
  }
}

function isTime(tag: number | undefined): boolean {
  return tag === utcTime || tag === generalizedTime;
}

/** `YYMMDDHHMMSSZ`, from 1950 to 2049, or with four digits of the year (RFC 5280, section 4.1.2.5). */
function takeTime(reader: DerReader): number {
  const isShort = reader.tag === utcTime;
  const text = Buffer.from(reader.take(isShort ? utcTime : generalizedTime)).toString("latin1");
  const whole = isShort ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(whole);
  if (parts === null) throw new Error(`${JSON.stringify(text)} is no time`);
  const [, year, month, day, hour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function serialNumberOf(bytes: Uint8Array): string {
  return plainSerialNumber(Buffer.from(bytes).toString("hex"));
}

/** Without the zeros that encodings differ in. */
export function plainSerialNumber(hexadecimal: string): string {
  return hexadecimal.toUpperCase().replace(/^0+(?=.)/, "");
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
