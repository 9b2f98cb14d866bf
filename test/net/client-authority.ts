import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ThrowAwayCertificate } from "./pair.ts";

/** How a client's certificate is to be. */
export interface ClientRequest {
  /** As OpenSSL writes it: `/O=Petstore/CN=collar-0042`. */
  readonly subject: string;
  /** As OpenSSL writes it: `DNS:collar.lan,email:a@b.example`. */
  readonly alternativeNames?: string;
  /** `20200101000000Z`; two days from now when it is not given. */
  readonly notAfter?: string;
}

const configuration = `
[ca]
default_ca = own
[own]
database = index.txt
crlnumber = crlnumber
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
email_in_dn = yes
[any]
O = optional
OU = optional
emailAddress = optional
UID = optional
CN = optional
[client]
basicConstraints = critical,CA:FALSE
[between]
basicConstraints = critical,CA:TRUE
[req]
distinguished_name = nothing
string_mask = utf8only
[nothing]
`;

/** An authority for client certificates, with OpenSSL, in a temporary directory. */
export class ClientAuthority {
  readonly #directory: string;
  readonly ca: string;

  /** @param parent the authority that it has its own certificate from; none for one that stands by itself */
  constructor(name: string, parent?: ClientAuthority) {
    this.#directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-authority-"));
    writeFileSync(this.#path("own.cnf"), configuration);
    writeFileSync(this.#path("index.txt"), "");
    writeFileSync(this.#path("crlnumber"), "01\n");
    if (parent === undefined) {
      const files = ["-keyout", "ca.key", "-out", "ca.crt"];
      this.#openssl("req", "-x509", ...newKey, "-subj", `/CN=${name}`, "-days", "9", ...files);
    } else {
      const { key, cert } = parent.#issue("between", `/CN=${name}`, [], undefined);
      writeFileSync(this.#path("ca.key"), key);
      writeFileSync(this.#path("ca.crt"), cert);
    }
    this.ca = readFileSync(this.#path("ca.crt"), "utf8");
  }

  issue({ subject, alternativeNames, notAfter }: ClientRequest): ThrowAwayCertificate {
    const more = alternativeNames === undefined ? [] : ["-addext", `subjectAltName=${alternativeNames}`];
    return this.#issue("client", subject, more, notAfter);
  }

  revoke({ cert }: ThrowAwayCertificate): void {
    writeFileSync(this.#path("revoked.crt"), cert);
    this.#ca("-revoke", "revoked.crt");
  }

  /** Its revocation list. @param seconds until the next one is to come; negative when that is over */
  crl(seconds = 86_400): string {
    if (seconds > 0) this.#ca("-gencrl", "-crlsec", String(seconds), "-out", "list.crl");
    else
      this.#ca(
        "-gencrl",
        "-crl_lastupdate",
        "20200101000000Z",
        "-crl_nextupdate",
        "20200201000000Z",
        "-out",
        "list.crl",
      );
    return readFileSync(this.#path("list.crl"), "utf8");
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #issue(
    extensions: string,
    subject: string,
    more: readonly string[],
    notAfter: string | undefined,
  ): ThrowAwayCertificate {
    const request = ["-config", "own.cnf", "-utf8", "-keyout", "new.key", "-out", "new.csr"];
    this.#openssl("req", ...newKey, ...request, "-subj", subject, ...more);
    const time = notAfter === undefined ? ["-days", "2"] : ["-startdate", "20190101000000Z", "-enddate", notAfter];
    this.#ca("-batch", "-notext", "-in", "new.csr", "-out", "new.crt", "-extensions", extensions, ...time);
    return { key: readFileSync(this.#path("new.key"), "utf8"), cert: readFileSync(this.#path("new.crt"), "utf8") };
  }

  #ca(...options: readonly string[]): void {
    this.#openssl("ca", "-config", "own.cnf", "-utf8", "-cert", "ca.crt", "-keyfile", "ca.key", ...options);
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #openssl(...command: readonly string[]): void {
    execFileSync("openssl", command, { cwd: this.#directory, stdio: ["ignore", "ignore", "pipe"] });
  }
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
