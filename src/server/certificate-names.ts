import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** Addresses of this machine that a certificate names; a small client has little room for one. */
const addressesMax = 32;

/** What this machine is called. */
export interface Machine {
  readonly hostName: string;
  /** IPv4 addresses that others can reach. IPv6 ones come and go by the hour, so those are named that are bound by name. */
  readonly addresses: readonly string[];
}

/** This machine, as it is now. */
export function thisMachine(): Machine {
  return { hostName: hostname(), addresses: ownAddresses() };
}

/**
 * The names and addresses that our own server certificate has: localhost, the loopback addresses, the machine's host name
 * and its `.local` form, and what is bound to; a listener on all addresses stands for all of the machine's.
 */
export function certificateNames(hosts: readonly string[], machine: Machine): readonly string[] {
  const names = new Set(["localhost", "127.0.0.1", "::1"]);
  if (isCertificateName(machine.hostName)) {
    names.add(machine.hostName);
    if (!machine.hostName.includes(".")) names.add(`${machine.hostName}.local`);
  }
  for (const host of hosts) {
    if (host === "0.0.0.0" || host === "::") {
      for (const address of machine.addresses.slice(0, addressesMax)) names.add(address);
    } else {
      // The zone of fe80::1%eth0 means something on this machine only.
      names.add(host.replace(/%.*$/, ""));
    }
  }
  return [...names];
}

function ownAddresses(): string[] {
  try {
    return Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ family, internal }) => family === "IPv4" && !internal)
      .map(({ address }) => address);
  } catch {
    // A sandbox without AF_NETLINK does not say.
    return [];
  }
}

/** Whether a certificate can be made for it: a host name of ASCII letters, or an IP address without a zone. */
export function isCertificateName(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes("%");
  return /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text);
}
