import type { AccessRule } from "./access.ts";
import type { Account } from "./accounts.ts";
import { hashPassword } from "./password-hash.ts";

/** An account whose password is no secret. */
export interface DemoAccount {
  readonly name: string;
  readonly password: string;
  readonly role: string;
  /** Ids that are its own. */
  readonly claims?: ReadonlyMap<string, readonly string[]>;
  /** What it may do, for people. */
  readonly may: string;
}

/** The accounts of `--demo`. */
export const demoAccounts: readonly DemoAccount[] = [
  {
    name: "collar-0042",
    password: "collar-demo",
    role: "device",
    claims: new Map([["pets", ["7", "milo"]]]),
    may: "publish pets/+/health and location, its own status and presence",
  },
  {
    name: "alice",
    password: "alice-demo",
    role: "customer",
    claims: new Map([
      ["orders", ["abc123", "42"]],
      ["payments", ["xyz789"]],
    ]),
    may: "subscribe to orders, payments, pets for sale and stock",
  },
  { name: "staff", password: "staff-demo", role: "staff", may: "subscribe to everything in the shop" },
  {
    name: "service",
    password: "service-demo",
    role: "service",
    may: "publish the events of the shop, subscribe to everything",
  },
  { name: "admin", password: "admin-demo", role: "admin", may: "everything, $SYS too" },
];

/** The demonstration accounts with their hashes. */
export function createDemoAccounts(): Promise<Account[]> {
  return Promise.all(
    demoAccounts.map(async ({ name, password, role, claims }) => {
      return { name, roles: [role], claims, passwordHash: await hashPassword(password), scramSha256: undefined };
    }),
  );
}

/** What each role of the pet store may do; a device's own topics bear its account's name, which is its device id. */
export const demoRules: readonly AccessRule[] = [
  ...rules("device", "publish", ["pets/+/health", "pets/+/location", "feeders/%u/status", "devices/%u/presence"]),
  ...rules("customer", "subscribe", [
    "pets/+/availability",
    "pets/+/status",
    "orders/#",
    "payments/#",
    "inventory/+/stock",
  ]),
  ...rules("staff", "subscribe", ["#"]),
  ...rules("service", "publish", [
    "pets/+/availability",
    "pets/+/status",
    "pets/+/alert",
    "orders/+/status",
    "orders/+/payment",
    "payments/+/status",
    "inventory/+/stock",
    "inventory/+/alert",
  ]),
  ...rules("service", "subscribe", ["#"]),
  ...rules("admin", "all", ["#", "$SYS/#"]),
];

function rules(role: string, verb: AccessRule["verb"], topicFilters: readonly string[]): AccessRule[] {
  return topicFilters.map((topicFilter) => ({
    effect: "allow",
    verb,
    topicFilter,
    role,
    user: undefined,
    place: "",
  }));
}
