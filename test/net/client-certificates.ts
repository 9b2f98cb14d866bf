import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ThrowAwayCertificate } from "./pair.ts";

/** An authority with a client's certificate from it, and one from nobody. */
export interface ClientCertificates {
  readonly ca: string;
  readonly client: ThrowAwayCertificate;
  readonly stranger: ThrowAwayCertificate;
}

export function makeClientCertificates(): ClientCertificates {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-clients-"));
  const path = (name: string): string => join(directory, name);
  const make = (name: string, subject: string, ...more: string[]): ThrowAwayCertificate => {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const files = ["-keyout", path(`${name}.key`), "-out", path(`${name}.crt`)];
    execFileSync("openssl", ["req", "-x509", ...curve, "-subj", subject, "-days", "2", ...files, ...more], {
      stdio: "ignore",
    });
    return { key: readFileSync(path(`${name}.key`), "utf8"), cert: readFileSync(path(`${name}.crt`), "utf8") };
  };
  try {
    const { cert: ca } = make("ca", "/CN=Clients of the test");
    const signed = ["-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-addext", "basicConstraints=critical,CA:FALSE"];
    return {
      ca,
      client: make("client", "/O=Petstore/CN=collar-0042", ...signed),
      stranger: make("stranger", "/CN=collar-0042"),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
