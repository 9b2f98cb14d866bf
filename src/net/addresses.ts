import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from "node:net";

/** An address as people write it: IPv6 in its short form, IPv4 without `::ffff:` in front. */
export function plainAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const short = new SocketAddress({ address, family: "ipv6" }).address;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(short)?.[1] ?? short;
}

/** Whose an address is, as far as it can be told: one IPv4 address, or the 64 bits of a network of IPv6. */
export function ownerOf(address: string): string {
  if (isIPv4(address)) return address;
  const [text = ""] = address.split("%", 1);
  const [head = "", tail] = text.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? 0 : tail.split(":").length;
    while (groups.length + behind < 8) groups.push("0");
  }
  return groups.slice(0, 4).join(":");
}

/** Addresses and networks, `10.0.0.1` or `10.0.0.0/8` or `fd00::/8`. */
export class AddressList {
  readonly #list = new BlockList();

  /** @throws RangeError for one that `isAddressOrNetwork` does not take */
  constructor(items: readonly string[]) {
    for (const item of items) {
      const parts = partsOf(item);
      if (parts === undefined) throw new RangeError(`${item} is neither an address nor a network`);
      this.#list.addSubnet(parts.address, parts.bits, parts.family);
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
  }
}

/** Whether it can be part of an `AddressList`. */
export function isAddressOrNetwork(text: string): boolean {
  return partsOf(text) !== undefined;
}

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

function partsOf(text: string): Network | undefined {
  const [address = "", bitsText, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0 || address.includes("%")) return undefined;
  const bitsMax = version === 4 ? 32 : 128;
  const bits = bitsText === undefined ? bitsMax : Number(bitsText);
  if (bitsText !== undefined && (!/^\d{1,3}$/.test(bitsText) || bits > bitsMax)) return undefined;
  return { address, bits, family: version === 4 ? "ipv4" : "ipv6" };
}
