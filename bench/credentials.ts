import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { loadOrMakeCertificate } from "../src/server/certificates.ts";
import { hashPassword } from "../src/server/password-hash.ts";
import type { Setup, Users } from "./broker.ts";
import type { GeneratorOptions } from "./load/generator.ts";

/** What clients and brokers of one measurement share: paths. */
export interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Of our broker. */
  readonly accounts: string;
  /** Of Mosquitto: its password and ACL file. */
  readonly passwords: string;
  readonly acl: string;
}

/** Of every account. */
const password = "measured-in-public";

/** Devices that have an account. */
const devicesMax = 50;

/** Telemetry comes from devices, each with a pet of its own; orders from the back office; staff reads it all. */
export const deviceUsers: Users = { publisher: "device-{n}", subscriber: "staff" };
export const backOfficeUsers: Users = { publisher: "backoffice", subscriber: "staff" };
export const staffUsers: Users = { publisher: "staff", subscriber: "staff" };

/** What access rules say in the place of the contract; `role` and `topic` as our configuration has them. */
export const accessRules = [
  { allow: "publish", role: "device", topic: "pets/+/health" },
  { allow: "publish", role: "service", topic: "orders/+/status" },
  { allow: "subscribe", role: "staff", topic: "#" },
] as const;

let made: Promise<Credentials> | undefined;

/** Made once, and removed with this process. */
export function credentials(): Promise<Credentials> {
  made ??= make();
  return made;
}

/** What the generator must know to get into a broker that was set up so. */
export function clientOptions({ hasAccounts, isSecure }: Setup, users: Users, { ca }: Credentials): GeneratorOptions {
  const { publisher, subscriber } = users;
  return {
    ...(hasAccounts ? { "publisher-user": publisher, "subscriber-user": subscriber, password } : {}),
    ...(isSecure ? { ca } : {}),
  };
}

async function make(): Promise<Credentials> {
  const directory = mkdtempSync(join(tmpdir(), "petstore-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const { caFile: ca, cert, key } = await loadOrMakeCertificate(directory, ["localhost", "127.0.0.1"], Date.now());
  const paths = {
    ca,
    cert: join(directory, "server.pem"),
    key: join(directory, "server-key.pem"),
    accounts: join(directory, "accounts.yaml"),
    passwords: join(directory, "passwords"),
    acl: join(directory, "acl"),
  };
  const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 });
  write(paths.cert, cert);
  write(paths.key, key);
  const passwordHash = await hashPassword(password);
  const devices = Array.from({ length: devicesMax }, (_, index) => String(index).padStart(6, "0"));
  write(
    paths.accounts,
    stringify({
      accounts: [
        { name: "staff", roles: ["staff"], passwordHash },
        { name: "backoffice", roles: ["service"], passwordHash },
        ...devices.map((n) => ({
          name: `device-${n}`,
          roles: ["device"],
          claims: { pets: [`pet-${n}`] },
          passwordHash,
        })),
      ],
    }),
  );
  const names = ["staff", "backoffice", ...devices.map((n) => `device-${n}`)];
  write(paths.passwords, passwordLines(directory, names));
  const devicesMay = devices.map((n) => `user device-${n}\ntopic write pets/pet-${n}/health`);
  const rules = ["user staff\ntopic read #", "user backoffice\ntopic write orders/+/status", ...devicesMay];
  write(paths.acl, `${rules.join("\n\n")}\n`);
  return paths;
}

/** As Mosquitto's own program hashes them; empty without it, for then there is no Mosquitto either. */
function passwordLines(directory: string, names: readonly string[]): string {
  const path = join(directory, "plain");
  writeFileSync(path, names.map((name) => `${name}:${password}\n`).join(""), { mode: 0o600 });
  const { status } = spawnSync("mosquitto_passwd", ["-U", path]);
  return status === 0 ? readFileSync(path, "utf8") : "";
}
