import { dirname } from "node:path";
import type { Logger } from "pino";
import type { TlsMaterial } from "../net/tls-settings.ts";
import { dayMilliseconds } from "./certificate-files.ts";
import { FileWatch } from "./file-watch.ts";
import type { ListenerOptions } from "./options.ts";

/** How often it is looked whether something is due. */
const intervalMilliseconds = 3_600_000;

/** What a door shows and trusts, and what people should know of it, as sentences. */
export interface LoadedMaterial extends TlsMaterial {
  readonly warnings: readonly string[];
}

/** What a door shows and trusts, and where something newer comes from. */
export interface WatchedCertificate {
  /** At the start. */
  readonly inForce: LoadedMaterial;
  /** The same object that the server got. */
  readonly door: ListenerOptions;
  /** Files that somebody else replaces; a certificate of our own making is not among them. */
  readonly files: readonly string[];
  /** What should be in force now; rejects with a sentence when there is nothing valid. */
  load(now: number): Promise<LoadedMaterial>;
}

/** What a watch is made of. */
export interface CertificateWatchOptions {
  readonly certificates: readonly WatchedCertificate[];
  readonly log: Logger;
  /** The wall clock, ms. */
  readonly now: () => number;
}

/** Gives an open door other certificates; throws when they cannot be used. */
export type ReplaceMaterial = (door: ListenerOptions, material: TlsMaterial) => void;

/**
 * Looks every hour, and when files change, what certificates the doors should show and trust, and gives them the new ones
 * while they are open. One that cannot be used leaves the one before in force. Each problem is logged once a day.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #inForce: Map<WatchedCertificate, TlsMaterial>;
  /** When each sentence was logged last. */
  #saidAt: Map<string, number> = new Map();
  #replace: ReplaceMaterial = () => {};
  #look: Promise<void> | undefined = undefined;
  #isDue = false;
  #interval: NodeJS.Timeout | undefined = undefined;
  #files: FileWatch | undefined = undefined;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#inForce = new Map(options.certificates.map((certificate) => [certificate, certificate.inForce]));
  }

  /** Warns of what was found when the certificates were loaded, and watches. */
  start(replace: ReplaceMaterial): void {
    const { certificates, log } = this.#options;
    if (certificates.length === 0) return;
    this.#replace = replace;
    for (const { inForce } of certificates) this.#warn(inForce.warnings, this.#options.now(), this.#saidAt);
    const look = (): void => void this.look();
    this.#interval = setInterval(look, intervalMilliseconds).unref();
    const files = certificates.flatMap((certificate) => certificate.files);
    this.#files = new FileWatch(files.map(dirname), log, look);
  }

  stop(): void {
    clearInterval(this.#interval);
    this.#files?.stop();
    this.#replace = () => {};
  }

  /** Looks now. Resolves when the doors have what they should show; never rejects. */
  look(): Promise<void> {
    this.#isDue = true;
    this.#look ??= this.#lookWhileDue().finally(() => {
      this.#look = undefined;
    });
    return this.#look;
  }

  async #lookWhileDue(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      const now = this.#options.now();
      const said = new Map<string, number>();
      for (const certificate of this.#options.certificates) await this.#lookAt(certificate, now, said);
      this.#saidAt = said;
    }
  }

  async #lookAt(certificate: WatchedCertificate, now: number, said: Map<string, number>): Promise<void> {
    const { log } = this.#options;
    try {
      const loaded = await certificate.load(now);
      this.#warn(loaded.warnings, now, said);
      const material = materialOf(loaded);
      const inForce = this.#inForce.get(certificate)!;
      const isSamePair = material.cert === inForce.cert && material.key === inForce.key;
      const isSameTrust = material.ca === inForce.ca && String(material.crl) === String(inForce.crl);
      if (isSamePair && isSameTrust) return;
      this.#replace(certificate.door, material);
      this.#inForce.set(certificate, material);
      const { protocol } = certificate.door;
      if (!isSamePair) log.info(`${protocol}: new connections see a new certificate from here on`);
      if (!isSameTrust) log.info(`${protocol}: other authorities or revocation lists are in force`);
    } catch (error) {
      const problem = `the certificate in force stays: ${(error as Error).message}`;
      this.#sayDaily(problem, now, said, (sentence) => log.error(sentence));
    }
  }

  #warn(warnings: readonly string[], now: number, said: Map<string, number>): void {
    for (const warning of warnings) this.#sayDaily(warning, now, said, (sentence) => this.#options.log.warn(sentence));
  }

  #sayDaily(sentence: string, now: number, said: Map<string, number>, say: (sentence: string) => void): void {
    const at = said.get(sentence) ?? this.#saidAt.get(sentence);
    const isDue = at === undefined || now - at >= dayMilliseconds;
    said.set(sentence, isDue ? now : at);
    if (isDue) say(sentence);
  }
}

/** What a door is given of it. */
function materialOf({ key, cert, ca, crl }: LoadedMaterial): TlsMaterial {
  return { key, cert, ...(ca === undefined ? {} : { ca }), ...(crl === undefined ? {} : { crl }) };
}
